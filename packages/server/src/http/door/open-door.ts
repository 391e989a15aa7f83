import type { Redis } from 'ioredis';
import { isOpen } from '../../config/load-config.ts';
import type { Config } from '../../config/settings.ts';
import type { Authenticator } from '../../identity/authenticator.ts';
import { clients } from './client.ts';
import { Door } from './door.ts';
import { parseRate, RateLimiter } from './rate-limiter.ts';
import { siteRules } from './site-rules.ts';

/** The door as the settings want it. @param deps.redis null: each process counts requests for itself. */
export function openDoor(
  config: Pick<Config, 'http' | 'security'>,
  { authenticator, redis }: { authenticator: Authenticator; redis: Redis | null },
): Door {
  const limiter = (name: string, text: string): RateLimiter | null => {
    const rate = parseRate(text);
    return rate === null ? null : new RateLimiter(rate, { name, redis });
  };
  const { security, http } = config;
  return new Door({
    authenticator,
    clientOf: clients(http.trustProxy),
    sites: siteRules(config),
    open: isOpen(config),
    limits: { general: limiter('general', security.rateLimit), auth: limiter('auth', security.authRateLimit) },
  });
}
