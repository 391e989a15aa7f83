import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentCredentials, CreatedApiKey, Page, Run, Task, TokenAnswer } from '@ordinaut/contract';
import { operations } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { bearer } from '../test/identity/people.ts';
import { extensionFolder } from '../test/support/extensions.ts';
import { listen } from '../test/support/server.ts';
import { spawnServer } from '../test/support/server-process.ts';
import { newPlace } from '../test/support/stores.ts';

/** A secret of each kind, none of which may turn up anywhere but where it belongs. */
const canary = (what: string): string => `CANARY-${what}-5f1e9c27b8d34a60`;
const given = {
  admin: canary('admin-password'),
  jwt: canary('jwt-signing-key-of-32-bytes-or-more'),
  config: canary('extension-config'),
  environment: canary('extension-environment'),
  user: canary('user-password'),
  newPassword: canary('new-password'),
  wrong: canary('wrong-password'),
  username: canary('password-typed-as-name'),
  bearer: canary('bearer'),
  apiKey: canary('api-key'),
  cookie: canary('cookie'),
  query: canary('query'),
  step: canary('step-header'),
  body: canary('bad-body'),
};

test('no secret turns up in a log, answer, event, metric, page, error or file', async () => {
  const place = await newPlace('sqlite');
  const folder = extensionFolder();
  folder.write('keeper', {
    manifest: {
      grants: ['ROUTES'],
      config: { properties: { key: { type: 'string', secret: true }, host: { type: 'string' } } },
    },
    code: `import { defineExtension } from '@ordinaut/kit';
      export default defineExtension({ setup(ctx) {
        ctx.routes.get('/', async ({ headers }) => { ctx.logger.info({ headers, config: { password: ctx.config.key } }, 'a careless line'); return { ok: true }; });
        ctx.routes.get('/fails', async () => { throw new Error('it fails'); });
      } });`,
  });
  const heard: string[] = [];
  const peer = await listen((request, response) => {
    heard.push(String(request.headers.authorization));
    response.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  const server = await spawnServer(place, {
    ORDINAUT_AUTH: 'required',
    ORDINAUT_LOG_LEVEL: 'trace',
    ORDINAUT_ADMIN_PASSWORD: given.admin,
    ORDINAUT_JWT_SECRET: given.jwt,
    ORDINAUT_EXT_PATHS: folder.path,
    ORDINAUT_EXT_CONFIG: JSON.stringify({ keeper: { key: given.environment } }),
  });
  const log: string[] = [];
  server.child.stdout?.on('data', (chunk) => log.push(String(chunk)));
  const answers: string[] = [];
  const made = new Map<string, string>();
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(server.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push(`${method} ${path.split('?', 1)[0]}: ${text} ${JSON.stringify([...response.headers])}`);
    return { text, response, json: () => JSON.parse(text) };
  };
  /** What shows a secret once, as it should: kept out of what is looked through. */
  const askOnce = async <Body>(...args: Parameters<typeof ask>): Promise<Body> => {
    const { json } = await ask(...args);
    answers.pop();
    return json() as Body;
  };

  const tokens = await askOnce<TokenAnswer>('POST', '/auth/token', { username: 'admin', password: given.admin });
  made.set('access token', tokens.access_token).set('refresh token', tokens.refresh_token);
  const admin = bearer(tokens.access_token);
  const key = await askOnce<CreatedApiKey>('POST', '/auth/api-keys', { name: 'canary' }, admin);
  made.set('API key', key.api_key);
  await ask('POST', '/users', { username: 'somebody', password: given.user }, admin);
  const user = await askOnce<TokenAnswer>('POST', '/auth/token', { username: 'somebody', password: given.user });
  made.set('token of a user', user.access_token);
  const { json } = await ask('POST', '/agents', { name: 'some-agent' }, admin);
  const agent = await askOnce<AgentCredentials>('POST', `/agents/${json().id}/credentials`, undefined, admin);
  made.set('secret of an agent', agent.agent_secret);
  const begun = await fetch(`${server.url}/auth/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: given.admin }),
  });
  await begun.text();
  const [, session = ''] = /ordinaut_session=([^;]+)/.exec(begun.headers.get('set-cookie') ?? '') ?? [];
  expect(session).toMatch(/^ords_/);
  made.set('session', session);

  // Every place where a secret can be shown that is wrong, or is put by mistake.
  await ask('POST', '/auth/token', { username: 'admin', password: given.wrong });
  await ask('POST', '/auth/token', { username: given.username, password: 'x' });
  await ask('POST', '/auth/token', { username: 'admin', password: [given.wrong] });
  await ask('POST', '/auth/token', `{"username":"admin","password":"${given.body}`);
  await ask(
    'POST',
    '/users/me/password',
    { current_password: given.wrong, new_password: given.newPassword },
    bearer(user.access_token),
  );
  await ask(
    'POST',
    '/users/me/password',
    { current_password: given.user, new_password: given.newPassword },
    bearer(user.access_token),
  );
  await ask('PATCH', '/users/somebody', { password: 'short' }, admin);
  await ask('POST', '/auth/refresh', { refresh_token: given.bearer });
  await ask('GET', '/tasks', undefined, bearer(given.bearer));
  await ask('GET', '/tasks', undefined, { 'x-api-key': given.apiKey });
  await ask('GET', '/ext/keeper/', undefined, { cookie: `ordinaut_session=${given.cookie}` });
  await ask('GET', `/tasks?access_token=${given.query}`, undefined, admin);
  await ask('GET', `/nowhere?token=${given.query}`, undefined, admin);
  await ask('PUT', '/ext/keeper/config', { config: { key: given.config, host: 'example.org' } }, admin);
  await ask('PUT', '/ext/keeper/config', { config: { key: [given.config] } }, admin);
  await ask('GET', '/ext/keeper/', undefined, { ...admin, cookie: `a=${given.cookie}` });
  await ask('GET', '/ext/keeper/fails', undefined, admin);

  // A step that carries a secret in a header: it gets to the other side, and stands in no record of the run.
  const pipeline = [
    { id: 'call', uses: 'http.request', with: { url: peer.url, headers: { Authorization: '${params.secret}' } } },
    {
      id: 'fail',
      uses: 'http.request',
      with: { url: 'http://10.0.0.1/', headers: { Authorization: '${params.secret}' } },
      on_error: 'continue',
    },
  ];
  const task = (
    await ask(
      'POST',
      '/tasks',
      { title: 'canary', schedule_kind: 'once', schedule_expr: '2099-01-01T00:00:00Z', payload: { pipeline } },
      admin,
    )
  ).json() as Task;
  const run = (
    await askOnce<{ details: { run_id: string } }>(
      'POST',
      `/tasks/${task.id}/run_now`,
      { params: { secret: given.step } },
      admin,
    )
  ).details.run_id;
  const stream = await fetch(`${server.url}/runs/${run}/stream`, { headers: admin });
  await stream.text();
  const { steps } = await askOnce<Run>('GET', `/runs/${run}`, undefined, admin);
  answers.push(JSON.stringify(steps));
  expect(heard).toEqual([given.step]);
  expect(JSON.stringify(steps)).toContain('********');

  // Everything there is to read, for whoever may read everything.
  for (const { method, path, access } of Object.values(operations)) {
    if (method !== 'GET' || /stream|\{(id|task_id|name)\}/.test(path)) continue;
    await ask('GET', path.replace('{username}', 'somebody'), undefined, admin);
    if (access === 'public') await ask('GET', path);
  }
  for (const path of [
    '/ext/keeper/config',
    '/ext/keeper/health',
    '/ext/observability/metrics',
    '/ext/webui/',
    '/docs',
    '/openapi.json',
    '/events/stream/recent?count=1000',
    `/tasks/${task.id}`,
    '/ext/status?effects=1',
  ]) {
    await ask('GET', path, undefined, admin);
  }
  const audit = await askOnce<Page<unknown>>('GET', '/audit?limit=200', undefined, admin);
  expect(audit.items.length).toBeGreaterThan(10);
  answers.push(JSON.stringify(audit));
  expect(await server.end()).toBe(0);
  await peer.close();

  const secrets = [...Object.entries(given), ...made];
  const leaks = (where: string, text: string, allowed: readonly string[] = []) =>
    secrets
      .filter(([what, secret]) => !allowed.includes(what) && text.includes(secret))
      .map(([what]) => `${what} in ${where}`);
  const found = [
    ...leaks('the log', log.join('')),
    ...leaks('standard error', server.errors()),
    ...answers.flatMap((answer) => leaks(answer.slice(0, 60), answer)),
    // Params of a run are data like any other, as the guide says; everything else is hashed or encrypted.
    ...filesOf(place.directory).flatMap((file) => leaks(file, readFileSync(file, 'latin1'), ['step'])),
  ];
  expect(found).toEqual([]);
  expect(log.join('')).toContain('a careless line');
  console.log(
    `${secrets.length} secrets looked for in ${answers.length} answers, ${log.join('').length} bytes of log and every file`,
  );
  folder.remove();
  await place.remove();
});

const filesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
