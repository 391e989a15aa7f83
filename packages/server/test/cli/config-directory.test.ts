import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configDirectory } from '../../src/cli/credentials/config-directory.ts';

test('is where each system has such files', () => {
  expect(configDirectory({}, 'linux')).toBe(join(homedir(), '.config/ordinaut'));
  expect(configDirectory({}, 'darwin')).toBe(join(homedir(), '.config/ordinaut'));
  expect(configDirectory({ XDG_CONFIG_HOME: '/etc/me' }, 'linux')).toBe('/etc/me/ordinaut');
  expect(configDirectory({ XDG_CONFIG_HOME: 'not/absolute' }, 'linux')).toBe(join(homedir(), '.config/ordinaut'));
  expect(configDirectory({ APPDATA: '/roaming', XDG_CONFIG_HOME: '/x' }, 'win32')).toBe(join('/roaming', 'ordinaut'));
});
