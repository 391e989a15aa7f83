import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where the command line keeps what is its own: `ordinaut` in `%APPDATA%` on Windows, elsewhere in `$XDG_CONFIG_HOME`, by default
 * `~/.config`. By the XDG specification a path that is not absolute does not count.
 */
export function configDirectory(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (platform === 'win32') return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'ordinaut');
  const given = env.XDG_CONFIG_HOME;
  return join(given && isAbsolute(given) ? given : join(homedir(), '.config'), 'ordinaut');
}
