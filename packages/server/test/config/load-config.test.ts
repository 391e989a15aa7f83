import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, isLoopback, isOpen, loadConfig } from '../../src/config/load-config.ts';
import { settings } from '../../src/config/settings.ts';

const problemsOf = (env: Record<string, string>, flags: Record<string, string | boolean> = {}) => {
  try {
    loadConfig(env, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('defaults', () => {
  test('an empty environment gives every default, frozen', () => {
    const config = loadConfig({});
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8080, bodyLimitBytes: 1_048_576, tlsCert: null });
    expect(config.security).toMatchObject({ auth: 'auto', requireScopes: false, rateLimit: '1000/60s' });
    expect(config.engine.roles).toEqual(['api', 'scheduler', 'worker']);
    expect(config.storage.databaseUrl).toBeNull();
    expect(Object.isFrozen(config) && Object.isFrozen(config.http) && Object.isFrozen(config.engine.roles)).toBe(true);
  });

  test('every default fits its own schema', () => {
    for (const { env, default: preset } of settings) {
      if (preset === null || (Array.isArray(preset) && preset.length === 0)) continue;
      const written = typeof preset === 'object' && !Array.isArray(preset) ? JSON.stringify(preset) : String(preset);
      expect(problemsOf({ [env]: written }), env).toEqual([]);
    }
  });

  test('loading twice does not share or change the defaults', () => {
    loadConfig({ ORDINAUT_ROLES: 'worker' });
    expect(loadConfig({}).engine.roles).toEqual(['api', 'scheduler', 'worker']);
  });
});

describe('values', () => {
  test('texts become numbers, switches and lists', () => {
    const config = loadConfig({
      ORDINAUT_PORT: ' 9000 ',
      ORDINAUT_ROLES: 'api, worker',
      ORDINAUT_HTTP_ALLOW: '10.0.0.0/8,intra.example.org,',
      ORDINAUT_INSECURE: 'true',
      DATABASE_URL: 'postgres://me@db/x',
    });
    expect(config.http.port).toBe(9000);
    expect(config.engine.roles).toEqual(['api', 'worker']);
    expect(config.engine.httpAllow).toEqual(['10.0.0.0/8', 'intra.example.org']);
    expect(config.security.insecure).toBe(true);
    expect(config.storage.databaseUrl).toBe('postgres://me@db/x');
  });

  test('a flag goes before the environment', () => {
    expect(loadConfig({ ORDINAUT_PORT: '1' }, { port: '2' }).http.port).toBe(2);
    expect(loadConfig({ ORDINAUT_HOST: '0.0.0.0', ORDINAUT_AUTH: 'off' }, { insecure: true }).http.host).toBe(
      '0.0.0.0',
    );
  });

  test('an empty variable is one that is not set', () => {
    expect(loadConfig({ ORDINAUT_PORT: '', DATABASE_URL: '' })).toEqual(loadConfig({}));
  });
});

describe('extensions', () => {
  test('paths are separated as the platform does, and made absolute', () => {
    const { paths } = loadConfig({ ORDINAUT_EXT_PATHS: ['/opt/a', 'b, c', ''].join(delimiter) }).extensions;
    expect(paths).toEqual([resolve('/opt/a'), resolve('b, c')]);
  });

  test('grants and configuration are JSON, frozen to the ground', () => {
    const { packageGrants, config } = loadConfig({
      ORDINAUT_EXT_PACKAGE_GRANTS: '{"@me/weather": ["ROUTES"]}',
      ORDINAUT_EXT_CONFIG: '{"weather": {"city": {"name": "Bonn"}}}',
    }).extensions;
    expect(packageGrants).toEqual({ '@me/weather': ['ROUTES'] });
    expect(Object.isFrozen(config.weather?.city)).toBe(true);
  });

  test('the configuration may stand in a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ordinaut-config-'));
    const file = join(directory, 'extensions.json');
    await writeFile(file, '{"weather": {"city": "Bonn"}}');
    expect(loadConfig({}, { 'ext-config': file }).extensions.config).toEqual({ weather: { city: 'Bonn' } });
    await writeFile(file, '{"weather": "tok-en",}');
    const [problem] = problemsOf({ ORDINAUT_EXT_CONFIG: file });
    expect(problem?.issue).toContain(`names the file ${file}, which is not valid JSON at position 21`);
    expect(problem?.issue).not.toContain('tok-en');
    await rm(directory, { recursive: true });
    expect(problemsOf({ ORDINAUT_EXT_CONFIG: file })[0]?.issue).toContain('which cannot be read: ENOENT');
  });

  test.each([
    ['ORDINAUT_EXT_PACKAGE_GRANTS', '["ROUTES"]', 'is "[\\"ROUTES\\"]"; it must be JSON such as'],
    ['ORDINAUT_EXT_PACKAGE_GRANTS', '{', 'is not valid JSON at position 1'],
    ['ORDINAUT_EXT_CONFIG', '{"weather": 1}', 'does not fit in weather; it must be JSON such as'],
    ['ORDINAUT_PLUGIN_CONFIG', '{"ok": 3, "no": {}}', 'does not fit in ok; it must be JSON such as'],
    ['ORDINAUT_PLUGIN_CONFIG', '[]', 'is JSON, but no object; it must be JSON such as'],
    ['ORDINAUT_SAFE_MODE', 'maybe', 'is "maybe"; it must be 1 or 0'],
  ])('%s=%s', (name, value, issue) => {
    expect(problemsOf({ [name]: value })).toEqual([{ field: name, issue: expect.stringContaining(issue) }]);
  });
});

describe('problems', () => {
  test('all of them are told at once, by the name that was used', () => {
    const problems = problemsOf(
      {
        ORDINAUT_PORT: '70000',
        ORDINAUT_ROLES: 'api,api',
        DATABASE_URL: 'mysql://root:secret@db',
        ORDINAUT_HOST: '0.0.0.0',
        ORDINAUT_AUTH: 'off',
        ORDINAUT_TLS_KEY: '/etc/key.pem',
        ORDINAUT_ADMIN_PASSWORD: 'secret',
      },
      { 'drain-seconds': 'soon' },
    );
    expect(problems.map(({ field }) => field).sort()).toEqual([
      '--drain-seconds',
      'DATABASE_URL',
      'ORDINAUT_ADMIN_PASSWORD',
      'ORDINAUT_AUTH',
      'ORDINAUT_PORT',
      'ORDINAUT_ROLES',
      'ORDINAUT_TLS_CERT',
    ]);
    expect(problems.find(({ field }) => field === 'ORDINAUT_PORT')?.issue).toBe(
      'is "70000"; it must be a whole number from 0 to 65535',
    );
    expect(JSON.stringify(problems)).not.toContain('secret');
  });

  test('an unknown name is told with the near match', () => {
    expect(
      problemsOf({ ORDINAUT_PROT: '1', ORDINAUT_ROLE: 'api' }).map(({ field, issue }) => `${field} ${issue}`),
    ).toEqual([
      expect.stringMatching(/^ORDINAUT_PROT is not a setting.* Did you mean ORDINAUT_PORT/),
      expect.stringMatching(/^ORDINAUT_ROLE is not a setting.* Did you mean ORDINAUT_ROLES/),
    ]);
    expect(problemsOf({ ORDINAUT_URL: 'http://x', UNRELATED: '1' })).toEqual([]);
  });

  test.each(['1.5', '1e3', '0x10', '', ' ', 'NaN', '99999999999999999999'])('%j is no port', (port) => {
    expect(problemsOf({}, { port })).toHaveLength(1);
  });
});

describe('whether everybody may come in', () => {
  test.each([
    [{}, true],
    [{ ORDINAUT_HOST: '0.0.0.0' }, false],
    [{ ORDINAUT_TRUST_PROXY: 'loopback' }, false],
    [{ ORDINAUT_AUTH: 'required' }, false],
    [{ ORDINAUT_AUTH: 'off' }, true],
    [{ ORDINAUT_ALLOWED_HOSTS: 'x.example,::1,2001:db8::1' }, true],
    [{ ORDINAUT_AUTH: 'off', ORDINAUT_HOST: '0.0.0.0', ORDINAUT_INSECURE: '1' }, true],
  ])('%j: %s', (env, open) => {
    expect(isOpen(loadConfig(env))).toBe(open);
  });

  test('off behind a proxy that is trusted is for others, too', () => {
    expect(problemsOf({ ORDINAUT_AUTH: 'off', ORDINAUT_TRUST_PROXY: 'loopback' }).map(({ field }) => field)).toEqual([
      'ORDINAUT_AUTH',
    ]);
  });

  test.each([
    ['ORDINAUT_RATE_LIMIT', '10 a minute'],
    ['ORDINAUT_RATE_LIMIT', '0/60s'],
    ['ORDINAUT_PUBLIC_PATHS', '/tasks'],
    ['ORDINAUT_JWT_SECRET', 'short'],
    ['ORDINAUT_RATE_LIMIT', '20/600h'],
    ['ORDINAUT_ALLOWED_HOSTS', 'https://x.example'],
    ['ORDINAUT_ALLOWED_HOSTS', 'x.example:8080'],
  ])('%s=%s is refused', (name, value) => {
    expect(problemsOf({ [name]: value }).map(({ field }) => field)).toEqual([name]);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['localhost', true],
  ['LOCALHOST', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.evil.example', false],
  ['localhost.example', false],
  ['192.168.1.1', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
