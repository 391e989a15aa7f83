import { isOpen } from '../../config/load-config.ts';
import type { Config } from '../../config/settings.ts';
import type { SiteRules } from './foreign-sites.ts';

/** What the settings say of the names of this server. */
export function siteRules(config: Pick<Config, 'http' | 'security'>): SiteRules {
  const open = isOpen(config);
  return {
    listensOn: config.http.host,
    allowed: config.http.allowedHosts.map((name) => name.toLowerCase()),
    anyName: !open || config.security.insecure,
    refuseProxied: open && config.security.auth === 'auto',
  };
}
