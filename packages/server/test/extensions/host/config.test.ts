import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtensionConfig, OperationResult } from '@ordinaut/contract';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { type RunningServer, serve } from '../../../src/server.ts';
import { type ExtensionFolder, extensionFolder, hello, setup, statusOfOne } from '../../support/extensions.ts';
import { command } from '../../support/postgres.ts';
import { api as clientOf, environmentOf, type TestApi } from '../../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../../support/stores.ts';

const schema = {
  properties: {
    city: { type: 'string', default: 'Bonn' },
    port: { type: 'integer', minimum: 1 },
    token: { type: 'string', minLength: 10, secret: true, description: 'Of the chat' },
    database: {
      type: 'object',
      properties: { host: { type: 'string' }, password: { type: 'string', secret: true } },
      additionalProperties: false,
    },
    peers: { type: 'array', items: { type: 'object', properties: { key: { type: 'string', secret: true } } } },
    fails: { type: 'boolean' },
  },
  required: ['token'],
  additionalProperties: false,
};
/** Answers its configuration, the secrets as what they hash to. */
const code = `import { createHash } from 'node:crypto';
${setup(`
  if (ctx.config.fails) throw new Error('it fails on purpose');
  const hash = (text) => text && createHash('sha256').update(text).digest('hex');
  const { token, database, ...rest } = ctx.config;
  const shown = { ...rest, token: hash(token), password: hash(database?.password), generation: ctx.info.generation };
  ctx.routes.get('/settings', async () => shown);`)}`;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const newKey = () => randomBytes(32).toString('base64');

type Result = OperationResult & { error?: string; details: { errors?: { field: string; issue: string }[] } };

describeStores('the configuration of an extension', (kind) => {
  let place: TestPlace;
  let folder: ExtensionFolder;
  let servers: RunningServer[];
  /** Everything that the servers have logged and answered. */
  let said: string[];
  let canary: string;

  beforeEach(async () => {
    place = await newPlace(kind);
    folder = extensionFolder();
    folder.write('site', { manifest: { grants: ['ROUTES'], config: schema }, code });
    servers = [];
    said = [];
    canary = `canary-${randomBytes(16).toString('hex')}`;
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    folder.remove();
    await place.remove();
  });

  async function start(extra: Record<string, string> = {}): Promise<TestApi & { server: RunningServer }> {
    const logger = pino(
      { level: 'trace', serializers: { err: pino.stdSerializers.errWithCause } },
      { write: (line: string) => void said.push(line) },
    );
    const config = loadConfig(environmentOf(place, { ORDINAUT_EXT_PATHS: folder.path, ...extra }), {});
    const server = await serve(config, { logger });
    servers.push(server);
    const client = clientOf(server.url ?? '');
    const call: TestApi['call'] = async (...request) => {
      const answer = await client.call<never>(...request);
      said.push(JSON.stringify(answer.body), JSON.stringify([...answer.headers]));
      return answer;
    };
    return { ...client, call, server };
  }
  const put = (api: TestApi, config: unknown, id = 'site') => api.call<Result>('PUT', `/ext/${id}/config`, { config });
  const shown = async (api: TestApi) => (await api.call<ExtensionConfig>('GET', '/ext/site/config')).body;
  const settings = async (api: TestApi) => (await api.call('GET', '/ext/site/settings')).body;
  const issuesOf = ({ body }: { body: Result }) =>
    Object.fromEntries((body.details.errors ?? []).map(({ field, issue }) => [field, issue]));

  test('is stored encrypted, shown without its secrets, and holds across restarts', async () => {
    const api = await start();
    expect(await shown(api)).toEqual({ extension_id: 'site', source: 'none', config: {}, schema });
    expect(existsSync(join(place.directory, 'encryption.key'))).toBe(false);
    const database = { host: 'db', password: `${canary}-db` };
    const given = { port: 1, token: canary, database, peers: [{ key: `${canary}-peer` }] };
    const stored = await put(api, given);
    expect([stored.status, stored.body.message]).toEqual([
      200,
      'The configuration of site is stored; its next use activates it.',
    ]);
    expect(stored.body.details).toEqual({ extension_id: 'site', state: 'discovered' });
    const hidden = { port: 1, token: '********', database: { host: 'db', password: '********' }, peers: '********' };
    expect(await shown(api)).toMatchObject({ source: 'stored', config: hidden });
    const used = { city: 'Bonn', port: 1, token: hashOf(canary), password: hashOf(`${canary}-db`) };
    expect(await settings(api)).toMatchObject({ ...used, generation: 1 });
    expect((await put(api, { ...given, port: 2 })).body.message).toBe(
      'The configuration of site is stored: generation 2 serves with it.',
    );
    expect(await settings(api)).toMatchObject({ ...used, port: 2, generation: 2 });
    expect((await put(api, { ...given, token: canary, port: 0 })).status).toBe(400);
    const keyFile = join(place.directory, 'encryption.key');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);

    // A peer is shown by the extension itself.
    said = said.filter((line) => !line.includes(`${canary}-peer`) || !line.includes('generation'));
    const bytes = () =>
      readdirSync(place.directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    expect(bytes().some((content) => content.includes(canary))).toBe(false);
    await api.server.stop();
    expect(bytes().some((content) => content.includes(canary))).toBe(false);
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((line) => line.includes(canary))).toEqual([]);
    const store = await place.open();
    await store.start();
    const rows = await store.db.selectFrom('secrets').selectAll().execute();
    await store.stop();
    expect(rows).toMatchObject([{ name: 'ext:site:config' }]);
    expect(JSON.stringify(rows)).not.toContain(canary);

    const again = await start();
    expect(await shown(again)).toMatchObject({ source: 'stored', config: { ...hidden, port: 2 } });
    expect(await settings(again)).toMatchObject({ ...used, port: 2 });
  });

  test('that does not fit is refused with every field, without the value of a secret, and nothing is stored', async () => {
    folder.write('plain', hello());
    folder.write('broken', { manifest: '{' });
    const api = await start();
    const short = canary.slice(0, 9);
    const refused = await put(api, { token: short, port: 0, databse: { password: canary } });
    expect([refused.status, refused.body.error]).toEqual([400, 'bad_request']);
    expect(issuesOf(refused)).toEqual({
      'config.token': 'does not fit its schema {"type":"string","minLength":10}',
      'config.port': expect.stringMatching(/^is 0; it must be >= 1/),
      'config.databse': 'is not a known field. Did you mean database?',
    });
    expect(issuesOf(await put(api, {}))).toEqual({ 'config.token': 'is required' });
    expect(issuesOf(await put(api, { token: { value: canary }, database: canary }))).toEqual({
      'config.token': expect.stringMatching(/^does not fit/),
      'config.database': expect.stringMatching(/^does not fit/),
    });
    expect(issuesOf(await put(api, { token: canary, database: { host: 'db', password: [canary] } }))).toEqual({
      'config.database.password': 'does not fit its schema',
    });
    expect(issuesOf(await put(api, canary))).toEqual({
      config: 'must be an object with the fields that the manifest names',
    });
    expect(issuesOf(await api.call<Result>('PUT', '/ext/site/config', { token: canary }))).toEqual({
      config: 'is required',
      token: expect.stringMatching(/^is not a known field/),
    });
    expect(issuesOf(await put(api, { city: 'Bonn' }, 'plain'))).toEqual({
      config: 'cannot be set: the manifest of plain has no "config"',
    });
    expect((await put(api, {}, 'sitr')).body.message).toBe('There is no extension sitr. Did you mean site?');
    const broken = await put(api, {}, 'broken');
    expect([broken.status, broken.body.message]).toEqual([409, expect.stringContaining('broken/extension.json:1:2')]);
    expect(await shown(api)).toMatchObject({ source: 'none' });
    expect(said.filter((line) => line.includes(short))).toEqual([]);
  });

  test('keeps the secrets that come back hidden, wherever they came from', async () => {
    const environment = { token: `${canary}-env`, database: { host: 'db', password: canary }, port: 1 };
    const api = await start({ ORDINAUT_EXT_CONFIG: JSON.stringify({ site: environment }) });
    expect(await shown(api)).toMatchObject({
      source: 'environment',
      config: { token: '********', database: { host: 'db', password: '********' }, port: 1 },
    });
    expect(await settings(api)).toMatchObject({ token: hashOf(`${canary}-env`) });
    expect((await put(api, { ...(await shown(api)).config, port: 2 })).status).toBe(200);
    expect(await shown(api)).toMatchObject({ source: 'stored' });
    expect(await settings(api)).toMatchObject({
      token: hashOf(`${canary}-env`),
      password: hashOf(canary),
      port: 2,
    });
    await put(api, { token: `${canary}-new` });
    expect(issuesOf(await put(api, { token: '********', database: { password: '********' } }))).toEqual({
      'config.database.password': 'is "********", which keeps the present value, but there is none; give the value',
    });
    await put(api, { token: '********', city: '********' });
    expect(await settings(api)).toMatchObject({ token: hashOf(`${canary}-new`), city: '********' });
    expect(said.filter((line) => line.includes(canary))).toEqual([]);
  });

  test('with which the extension cannot run is not kept, and the old generation serves on', async () => {
    const api = await start();
    await put(api, { token: canary, port: 1 });
    const before = await settings(api);
    const refused = await put(api, { token: `${canary}-new`, fails: true });
    expect([refused.status, refused.body.error]).toEqual([409, 'conflict']);
    expect(refused.body.message).toMatch(
      /^The configuration of site was not stored, because the extension cannot run with it: it fails on purpose \(extension\.ts:\d+:\d+\)\. Generation 1 serves on\.$/,
    );
    expect(await settings(api)).toEqual(before);
    expect(await shown(api)).toMatchObject({ config: { token: '********', port: 1 } });
    expect((await statusOfOne(api, 'site')).error).toBeUndefined();
    await api.server.stop();
    expect(await settings(await start())).toMatchObject({ token: hashOf(canary), port: 1 });
  });

  test('goes before that of the environment, which counts again when it is forgotten', async () => {
    const environment = { site: { token: `${canary}-env`, city: 'Kiel' } };
    const api = await start({ ORDINAUT_EXT_CONFIG: JSON.stringify(environment) });
    const forget = (id = 'site') => api.call<Result>('DELETE', `/ext/${id}/config`);
    expect((await forget()).body).toMatchObject({ success: true, message: 'No configuration of site is stored.' });
    expect((await forget('sitr')).status).toBe(404);
    await put(api, { token: canary });
    expect(await settings(api)).toMatchObject({ token: hashOf(canary), city: 'Bonn' });
    expect((await forget()).body.message).toBe(
      'The stored configuration of site is forgotten: generation 2 serves with it.',
    );
    expect(await settings(api)).toMatchObject({ token: hashOf(`${canary}-env`), city: 'Kiel' });
    expect(await shown(api)).toMatchObject({ source: 'environment' });
  });

  test('that an extension needs is forgotten only when the extension is off, or gone', async () => {
    const api = await start();
    const forget = () => api.call<Result>('DELETE', '/ext/site/config');
    await put(api, { token: canary });
    await settings(api);
    const refused = await forget();
    expect([refused.status, refused.body.message]).toEqual([
      409,
      expect.stringMatching(/kept, because .* \("ordinaut ext disable site" first lets it go\): .*token is required/),
    ]);
    expect(await settings(api)).toMatchObject({ token: hashOf(canary) });
    await api.call('POST', '/ext/site/disable');
    expect((await forget()).status).toBe(200);
    expect(await shown(api)).toMatchObject({ source: 'none' });
    await put(api, { token: canary });
    folder.delete('site');
    const gone = await put(api, { token: canary });
    expect([gone.status, gone.body.message]).toEqual([409, expect.stringContaining('"ordinaut ext reload site"')]);
    await api.call('POST', '/ext/site/reload');
    expect((await forget()).body.details).toMatchObject({ state: 'removed' });
    expect((await forget()).status).toBe(404);
  });

  test('brings an extension to life that was waiting for it', async () => {
    const api = await start();
    const waiting = await api.call<{ message: string }>('GET', '/ext/site/settings');
    expect([waiting.status, waiting.body.message]).toEqual([
      503,
      'The extension site cannot be used: Its configuration does not fit: token is required. Set it with "ordinaut ext config set site", or in ORDINAUT_EXT_CONFIG under "site" and start the server again.',
    ]);
    // One field that the code on the disk does not know yet, but the manifest there does.
    const properties = { ...schema.properties, added: { type: 'boolean' } };
    folder.write('site', { manifest: { grants: ['ROUTES'], config: { ...schema, properties } } });
    expect((await put(api, { token: canary, added: true })).status).toBe(200);
    expect(await settings(api)).toMatchObject({ token: hashOf(canary), added: true });
  });

  test('is taken whole, however many store one while it is used', async () => {
    const api = await start();
    await put(api, { token: canary, port: 1 });
    let going = true;
    const seen: { status: number; token?: string; port?: number }[] = [];
    const lane = async () => {
      while (going) {
        const { status, body } = await api.call<object>('GET', '/ext/site/settings');
        seen.push({ status, ...body });
      }
    };
    const lanes = Promise.all([lane(), lane(), lane(), lane()]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put(api, { token: `${canary}-${n}`, port: n + 100 })),
    );
    going = false;
    await lanes;
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    for (const { token, port } of seen)
      expect(token).toBe(hashOf(port === 1 ? canary : `${canary}-${(port ?? 0) - 100}`));
    const last = (await settings(api)) as { port: number };
    expect((await shown(api)).config).toMatchObject({ port: last.port });
    await api.server.stop();
    expect(await settings(await start())).toMatchObject({ port: last.port });
  });

  test('goes over to a new key, and says which one is missing', async () => {
    const [old, newer] = [newKey(), newKey()];
    const first = await start({ ORDINAUT_ENCRYPTION_KEY: old });
    await put(first, { token: canary });
    expect(existsSync(join(place.directory, 'encryption.key'))).toBe(false);
    await first.server.stop();

    const wrong = await start({ ORDINAUT_ENCRYPTION_KEY: newer });
    const missing =
      /The secret ext:site:config is encrypted with the key [0-9a-f]{16}, which this process does not have: add the key to ORDINAUT_ENCRYPTION_KEY/;
    expect((await wrong.call<Result>('GET', '/ext/site/settings')).body.message).toMatch(missing);
    expect(await statusOfOne(wrong, 'site')).toMatchObject({ state: 'error', error: expect.stringMatching(missing) });
    for (const refused of [await wrong.call<Result>('GET', '/ext/site/config'), await put(wrong, { token: canary })])
      expect([refused.status, refused.body.message]).toEqual([503, expect.stringMatching(missing)]);
    await wrong.server.stop();

    const both = await start({ ORDINAUT_ENCRYPTION_KEY: `${newer},${old}` });
    expect(await settings(both)).toMatchObject({ token: hashOf(canary) });
    await both.server.stop();
    const after = await start({ ORDINAUT_ENCRYPTION_KEY: newer });
    expect(await settings(after)).toMatchObject({ token: hashOf(canary) });
    await after.server.stop();

    const lost = await start();
    expect((await lost.call('DELETE', '/ext/site/config')).status).toBe(200);
    expect((await put(lost, { token: `${canary}-again` })).status).toBe(200);
    expect(await settings(lost)).toMatchObject({ token: hashOf(`${canary}-again`) });
    await lost.server.stop();
    await expect(start({ ORDINAUT_ENCRYPTION_KEY: 'x'.repeat(43).replace('x', '!') })).rejects.toThrow(
      /^The key in ORDINAUT_ENCRYPTION_KEY is not 32 bytes/,
    );
  });

  test.runIf(kind === 'postgres')('that cannot be stored leaves the old generation serving', async () => {
    const api = await start();
    await put(api, { token: canary, port: 1 });
    const before = await settings(api);
    await command(place.databaseUrl!, 'ALTER TABLE secrets RENAME TO away');
    const refused = await put(api, { token: canary, port: 2 });
    expect([refused.status, refused.body.message]).toEqual([
      503,
      expect.stringContaining('The stored configuration cannot be reached: '),
    ]);
    expect(await settings(api)).toEqual(before);
    await command(place.databaseUrl!, 'ALTER TABLE away RENAME TO secrets');
    expect((await put(api, { token: canary, port: 2 })).status).toBe(200);
    expect(await settings(api)).toMatchObject({ port: 2 });
  });

  test.runIf(kind === 'postgres')('is followed by the other processes', async () => {
    const [one, two] = [await start(), await start()];
    const until = async (api: TestApi, wanted: object): Promise<void> => {
      for (;;) {
        const seen = (await settings(api)) as object;
        if (Object.entries(wanted).every(([name, value]) => Reflect.get(seen, name) === value)) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await put(one, { token: canary, port: 1 });
    await until(two, { port: 1 });
    await put(two, { token: '********', port: 2 });
    await until(one, { port: 2, token: hashOf(canary) });
  });
});
