import { createHmac } from 'node:crypto';
import { type CreatedApiKey, type ErrorBody, type Operation, operations, type TokenAnswer } from '@ordinaut/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, bearer, logIn, newUser, withLogin } from '../test/identity/people.ts';
import { startServer } from '../test/support/server.ts';
import { shiftedClock } from '../test/support/shifted-clock.ts';
import { newPlace, type TestPlace } from '../test/support/stores.ts';

/** Every operation, asked with every kind of credentials there is, answers as its `access` promises and in no other way. */

const HOUR_MS = 3_600_000;
const table = Object.entries<Operation>(operations);
const clock = shiftedClock();

let place: TestPlace;
let api: Awaited<ReturnType<typeof startServer>>;
/** Headers by kind of credentials. */
const shown: Record<string, Record<string, string>> = {};
/** An API key that may do one thing, by scope. Not a token: one of the operations would end its session. */
const keys = new Map<string, Record<string, string>>();
let powerless: Record<string, string>;

beforeAll(async () => {
  place = await newPlace('sqlite');
  api = await startServer(place, { environment: withLogin(), clock });
  // Logged in two hours ago: all of it but the clock is as it would be.
  clock.shift(-2 * HOUR_MS);
  const expired = await logIn(api);
  clock.shift(2 * HOUR_MS);
  const admin = await logIn(api);
  const revoked = await logIn(api);
  await api.call('POST', '/auth/logout', undefined, bearer(revoked.access_token));
  const { body: key } = await api.call<CreatedApiKey>(
    'POST',
    '/auth/api-keys',
    { name: 'revoked' },
    bearer(admin.access_token),
  );
  await api.call('DELETE', `/auth/api-keys/${key.id}`, undefined, bearer(admin.access_token));
  const { tokens: none, password } = await newUser(api, admin.access_token, { username: 'powerless' });
  powerless = await keyOf(none);
  const gone = await newUser(api, admin.access_token, { username: 'disabled', role: 'admin' });
  await api.call('PATCH', '/users/disabled', { disabled: true }, bearer(admin.access_token));
  Object.assign(shown, {
    'no credentials': {},
    'an expired token': bearer(expired.access_token),
    'a revoked token': bearer(revoked.access_token),
    'a revoked API key': { 'x-api-key': key.api_key },
    'a token of a disabled user': bearer(gone.tokens.access_token),
    'a token with alg none': bearer(resigned(admin.access_token, { alg: 'none' }, () => '')),
    'a token with alg HS512': bearer(
      resigned(admin.access_token, { alg: 'HS512' }, (text) => hmac('sha512', 'guess', text)),
    ),
    'a token with alg RS256': bearer(
      resigned(admin.access_token, { alg: 'RS256' }, (text) => hmac('sha256', 'guess', text)),
    ),
    'a token of another key': bearer(resigned(admin.access_token, {}, (text) => hmac('sha256', 'x'.repeat(32), text))),
    'a token with another key id': bearer(
      resigned(admin.access_token, { kid: '0'.repeat(16) }, (text) => hmac('sha256', '0', text)),
    ),
    'a token with changed scopes': bearer(tampered(none.access_token, { scopes: ['*'] })),
    'a refresh token': bearer(admin.refresh_token),
    'no token at all': { authorization: 'Bearer' },
    'another scheme': { authorization: `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}` },
    'a cookie of nobody': { cookie: 'ordinaut_session=ords_nobody' },
  });
  expect(password).not.toBe('');
  for (const { access } of Object.values<Operation>(operations)) {
    if (access === 'public' || access === 'authenticated' || keys.has(access)) continue;
    const username = `only-${access.replace(':', '-')}`;
    const { tokens } = await newUser(api, admin.access_token, { username, scopes: [access] });
    keys.set(access, await keyOf(tokens));
  }
});
afterAll(async () => {
  await api.server.stop();
  await place.remove();
});

async function keyOf({ access_token }: TokenAnswer): Promise<Record<string, string>> {
  const { body } = await api.call<CreatedApiKey>('POST', '/auth/api-keys', { name: 'one' }, bearer(access_token));
  return { 'x-api-key': body.api_key };
}

const hmac = (algorithm: string, key: string, text: string): string =>
  createHmac(algorithm, key).update(text).digest('base64url');

function resigned(token: string, header: object, sign: (text: string) => string): string {
  const [head = '', payload = ''] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(head, 'base64url').toString()), ...header };
  const text = `${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${payload}`;
  return `${text}.${sign(text)}`;
}

function tampered(token: string, claims: object): string {
  const [head, payload = '', signature] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...claims };
  return `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}.${signature}`;
}

const pathOf = ({ path }: Operation): string =>
  path
    .replace('{name}', 'core.echo')
    .replace('/ext/{id}', '/ext/events_demo')
    .replace('{username}', 'nobody-of-this-name')
    .replace(/\{\w+\}/g, '01890000-0000-7000-8000-000000000001');

/** Asks without a body: who may not is told so before anything else is looked at. */
async function ask(operation: Operation, headers: Record<string, string>) {
  const response = await fetch(api.url + pathOf(operation), { method: operation.method, headers });
  const body = operation.stream && response.ok ? await response.body?.cancel() : await response.json();
  return { status: response.status, headers: response.headers, body: body as unknown as ErrorBody };
}

const credentials = [
  'no credentials',
  'an expired token',
  'a revoked token',
  'a revoked API key',
  'a token of a disabled user',
  'a token with alg none',
  'a token with alg HS512',
  'a token with alg RS256',
  'a token of another key',
  'a token with another key id',
  'a token with changed scopes',
  'a refresh token',
  'no token at all',
  'another scheme',
  'a cookie of nobody',
];
/** Open to everybody by `ORDINAUT_PUBLIC_PATHS`, and looked at when something is shown. */
const byPath = new Set(['extensions.status']);

describe.each(table)('%s', (id, operation) => {
  const { access } = operation;

  test('is not for those who are not known', async () => {
    for (const kind of credentials) {
      const { status, headers, body } = await ask(operation, shown[kind]!);
      const isNothing = kind === 'no credentials' || kind === 'a cookie of nobody';
      if (access === 'public' || (byPath.has(id) && isNothing)) {
        expect(
          [401, 403].includes(status) && body.details.required_scopes?.constructor === Array && isLookedAt(body),
          `${kind}: ${status}`,
        ).toBe(false);
        continue;
      }
      expect({ status, error: body.error }, kind).toEqual({ status: 401, error: 'unauthorized' });
      expect(headers.get('www-authenticate'), kind).toMatch(/^Bearer realm="ordinaut"/);
      if (kind === 'no credentials') {
        expect(body.details.required_scopes).toEqual(access === 'authenticated' ? [] : [access]);
      }
    }
  });

  test('is for those who may, and tells the others what they lack', async () => {
    const { status, body } = await ask(operation, powerless);
    if (access === 'public' || access === 'authenticated') {
      // A bad request gets its own answer; what counts is that nobody was turned away for who they are.
      expect([401, 403].includes(status) && isLookedAt(body)).toBe(false);
      return;
    }
    expect({ status, error: body.error, details: body.details }).toEqual({
      status: 403,
      error: 'forbidden',
      details: { required_scopes: [access], granted_scopes: [] },
    });
    const right = await ask(operation, keys.get(access)!);
    expect([401, 403], `${right.status}`).not.toContain(right.status);
  });
});

/** Whether an answer is about who asks. `changing one's own password` without a user says 403 for another reason. */
const isLookedAt = (body: ErrorBody): boolean =>
  /Log in first|needs the scope|not valid here|has ended/.test(body.message);

test('every operation was looked at', () => {
  expect(table.length).toBeGreaterThan(60);
  console.log(`${table.length} operations x ${credentials.length + 2} kinds of credentials`);
});

describe('in open mode', () => {
  test('nobody has to be known, but what is shown is looked at, and X-Scopes narrows', async () => {
    const open = await newPlace('sqlite');
    const server = await startServer(open, { environment: { ORDINAUT_ADMIN_PASSWORD: ADMIN_PASSWORD } });
    try {
      const get = (headers: Record<string, string>) => server.call<ErrorBody>('GET', '/tasks', undefined, headers);
      expect((await get({})).status).toBe(200);
      expect((await get(shown['a revoked token']!)).status).toBe(401);
      expect((await get({ 'x-scopes': 'tasks:read, runs:read' })).status).toBe(200);
      const lacking = await get({ 'x-scopes': 'runs:read' });
      expect([lacking.status, lacking.body.details]).toEqual([
        403,
        { required_scopes: ['tasks:read'], granted_scopes: ['runs:read'] },
      ]);
      const wrong = await get({ 'x-scopes': 'tasks read' });
      expect([wrong.status, wrong.body.details.field]).toEqual([400, 'X-Scopes']);
      const { body } = await server.call<TokenAnswer>('POST', '/auth/token', {
        username: 'admin',
        password: ADMIN_PASSWORD,
      });
      expect((await get({ ...bearer(body.access_token), 'x-scopes': 'runs:read' })).status).toBe(403);
      const viewer = await newUser(server, body.access_token, { username: 'viewer1', scopes: ['tasks:read'] });
      // With a token the header narrows and never widens.
      const wider = await server.call<ErrorBody>(
        'POST',
        '/tasks',
        {},
        { ...bearer(viewer.tokens.access_token), 'x-scopes': '*' },
      );
      expect(wider.status).toBe(403);
    } finally {
      await server.server.stop();
      await open.remove();
    }
  });

  test('with ORDINAUT_REQUIRE_SCOPES the routes of extensions want their scope shown, as the seed has it', async () => {
    const open = await newPlace('sqlite');
    const server = await startServer(open, { environment: { ORDINAUT_REQUIRE_SCOPES: 'true' } });
    try {
      const get = (path: string, headers: Record<string, string> = {}) =>
        server.call<ErrorBody>('GET', path, undefined, headers);
      const none = await get('/ext/mcp_http/tools');
      expect([none.status, none.body.error, none.body.details]).toEqual([
        401,
        'unauthorized',
        { required_scopes: ['ext:mcp_http:routes'] },
      ]);
      const other = await get('/ext/mcp_http/tools', { 'x-scopes': 'ext:webui:routes' });
      expect([other.status, other.body.error, other.body.details]).toEqual([
        403,
        'forbidden',
        { required_scopes: ['ext:mcp_http:routes'], granted_scopes: ['ext:webui:routes'] },
      ]);
      expect((await get('/ext/mcp_http/tools', { 'x-scopes': 'ext:mcp_http:routes' })).status).toBe(200);
      for (const path of [
        '/ext/mcp_http/meta',
        '/ext/observability/metrics',
        '/ext/status',
        '/ext/webui/',
        '/health',
      ]) {
        const response = await fetch(server.url + path);
        await response.arrayBuffer();
        expect(response.status, path).toBe(200);
      }
      expect((await get('/tasks')).status).toBe(200);
    } finally {
      await server.server.stop();
      await open.remove();
    }
  });
});
