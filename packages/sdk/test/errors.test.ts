import { inspect } from 'node:util';
import { expect, test, vi } from 'vitest';
import * as sdk from '../src/index.ts';
import { redact } from '../src/redact.ts';
import { startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

const { isOrdinautError, NotFoundError, OrdinautClient, OrdinautError, PartialOutageError, UnavailableError } = sdk;

test.each([
  [400, 'bad_request', sdk.BadRequestError],
  [401, 'unauthorized', sdk.AuthenticationError],
  [403, 'forbidden', sdk.PermissionError],
  [404, 'not_found', sdk.NotFoundError],
  [409, 'conflict', sdk.ConflictError],
  [413, 'payload_too_large', sdk.BadRequestError],
  [422, 'pipeline_failed', sdk.PipelineFailedError],
  [429, 'rate_limit_exceeded', sdk.RateLimitError],
  [500, 'internal_error', sdk.ServerError],
  [503, 'unavailable', sdk.UnavailableError],
  [504, 'timeout', sdk.ServerError],
])('%i %s has a class of its own', async (status, code, Class) => {
  await using server = await startProbe((probe) => probe.fail(status, code, {}, { what: 'task' }));
  const client = new OrdinautClient({ baseUrl: server.url, retry: { attempts: 1 } });
  const error = await thrownBy(client.system.mode());
  expect(error).toBeInstanceOf(Class);
  expect(error).toBeInstanceOf(OrdinautError);
  expect(error).toMatchObject({ status, code, requestId: 'r-1', operation: 'system.mode', details: { what: 'task' } });
  expect((error as Error).name).toBe(Class.name);
});

test('an error that is none of the server says what it can', async () => {
  await using server = await startProbe(({ response }) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: { attempts: 1 } });
  await expect(client.system.mode()).rejects.toMatchObject({ status: 502, code: 'server', kind: 'server' });
});

test('errors of another copy of the package are known', async () => {
  vi.resetModules();
  const copy = await import('../src/index.ts');
  expect(copy.NotFoundError).not.toBe(NotFoundError);
  const error = new copy.NotFoundError('It is not there.');
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toBeInstanceOf(OrdinautError);
  expect(error instanceof UnavailableError).toBe(false);
  expect(isOrdinautError(error)).toBe(true);
  expect(isOrdinautError(error, 'not_found', 'conflict')).toBe(true);
  expect(isOrdinautError(error, 'conflict')).toBe(false);
  const outage = new copy.PartialOutageError('Out.', { affected: { host: 'h', dependency: null } });
  expect(outage).toBeInstanceOf(PartialOutageError);
  expect(outage).toBeInstanceOf(UnavailableError);
  expect(new UnavailableError('Out.') instanceof PartialOutageError).toBe(false);
});

test.each([new Error('x'), null, undefined, 'text', { kind: 'not_found' }])(
  '%s is no error of the package',
  (value) => {
    expect(isOrdinautError(value)).toBe(false);
    expect(value instanceof (OrdinautError as never)).toBe(false);
  },
);

test('secrets are left out, by name and by form', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.abc-_123';
  expect(
    redact({
      password: 'x',
      api_key: 'y',
      nested: [{ refresh_token: 'z', note: `Bearer ${token} was refused` }],
      text: `ordk_abcdefgh123 and ${token}`,
      tokens_used: 7,
      token: null,
    }),
  ).toEqual({
    password: '[redacted]',
    api_key: '[redacted]',
    nested: [{ refresh_token: '[redacted]', note: '[redacted] was refused' }],
    text: '[redacted] and [redacted]',
    tokens_used: 7,
    token: null,
  });
});

test('whatever becomes of a login, its secrets stand in no error', async () => {
  const secrets = ['hunter2-hunter2', 'ordk_secretsecret', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.signature'];
  await using server = await startProbe((probe) =>
    probe.fail(
      401,
      'unauthorized',
      {},
      { sent: String(probe.headers.authorization), api_key: probe.headers['x-api-key'] },
    ),
  );
  const clients = [
    new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'hunter2-hunter2' }),
    new OrdinautClient({ baseUrl: server.url, apiKey: 'ordk_secretsecret' }),
    new OrdinautClient({ baseUrl: server.url, token: secrets[2] ?? '' }),
  ];
  for (const client of clients) {
    const error = await thrownBy(client.system.mode());
    for (const secret of secrets) expect(JSON.stringify(error)).not.toContain(secret);
    for (const secret of secrets) expect(inspect(client, { depth: 10, showHidden: true })).not.toContain(secret);
  }
});

test('a header that cannot be sent is named, and its value is not', async () => {
  const client = new OrdinautClient({ baseUrl: 'http://127.0.0.1:1', token: 'secret\nvalue' });
  const error = await thrownBy(client.system.mode());
  expect(error).toMatchObject({ kind: 'configuration', message: expect.stringContaining('"authorization"') });
  expect(inspect(error)).not.toContain('secret');
});

test('details with the bad fields of the server come through', async () => {
  const errors = [{ field: 'title', issue: 'is missing' }];
  await using server = await startProbe((probe) => probe.fail(400, 'bad_request', {}, { errors }));
  const client = new OrdinautClient({ baseUrl: server.url, validation: { requests: 'off' } });
  await expect(client.tasks.create({} as never)).rejects.toMatchObject({ kind: 'bad_request', details: { errors } });
});

test('the console shows an error as it is, without what looks like credentials', async () => {
  const secret = 'ordk_abcdefghijklmnop';
  await using server = await startProbe((probe) =>
    probe.fail(400, 'bad_request', {}, { errors: [{ field: 'owner', issue: `is "${secret}"` }], token: secret }),
  );
  const client = new OrdinautClient({ baseUrl: server.url });
  const error = await thrownBy(client.system.mode());
  const shown = inspect(error, { depth: 10 });
  expect(shown).not.toContain(secret);
  expect(shown).toMatch(/^BadRequestError: It is bad_request\.\n\s+at /);
  expect(shown).toContain(`issue: 'is "[redacted]"'`);
  expect(shown).toContain('status: 400');
  // Programs get it as it came.
  expect(error).toMatchObject({ details: { token: secret } });
  const cause = new Error('Why.');
  expect(inspect(new sdk.ConnectionError('No.', { cause }))).toContain('[cause]: Error: Why.');
});

test('a long text that only begins like tokens is gone through quickly', () => {
  const text = 'eyJaaaaa-'.repeat(30_000);
  const began = performance.now();
  expect(redact(text)).toBe(text);
  expect(performance.now() - began).toBeLessThan(2_000);
});
