import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Asker } from '../support/asker.ts';
import { type AttackedProcess, spawnAttacked } from '../support/attacked-process.ts';
import { cpuTimeOf } from '../support/cpu-time.ts';
import { faultsOf } from '../support/error-answer.ts';
import { PASSWORD } from '../support/password.ts';
import { answersIn, exchange, headOf } from '../support/raw-exchange.ts';
import { Tally } from '../support/tally.ts';

/** What would begin a line, a colour or a title of its own where it came out as it is. */
const nasty = [
  'a\r\n{"level":"fatal","msg":"forged"}',
  'a\n{"level":"fatal","msg":"forged"}',
  '\u001b[2J\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\u009b31m',
  'a\u0000b',
  'back\b\b\b\bspace',
  '\u2028\u2029',
  '\u202egnirts',
  '","level":"fatal","msg":"forged',
  '%s %o %j %d',
  '${jndi:ldap://127.0.0.1/x}',
];

const tally = new Tally();
let attacked: AttackedProcess;
let asker: Asker;
let log = '';
beforeAll(async () => {
  attacked = await spawnAttacked('sqlite', { ORDINAUT_AUTH: 'off', ORDINAUT_LOG_LEVEL: 'debug' });
  attacked.child.stdout!.on('data', (chunk) => {
    log += chunk;
  });
  asker = new Asker(attacked.url);
});
afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  process.stdout.write(`Injection: ${tally.line()}, ${log.split('\n').length} lines of log\n`);
});

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await asker.ask(path, { method, headers: { ...json, ...headers }, ...text });
  tally.count(method, answer.status);
  expect(answer.status >= 400 ? faultsOf(answer) : []).toEqual([]);
  return answer;
}

test('whatever stands in a name or a path, the log is lines of JSON without control characters', async () => {
  const pipeline = (text: string) => [
    { id: 'a', uses: 'core.transform', with: { expression: text, data: 1 } },
    { id: 'b', uses: 'core.fail', with: { message: text } },
  ];
  for (const [n, text] of nasty.entries()) {
    const task = await send('POST', '/tasks', {
      title: text,
      description: text,
      created_by: text,
      schedule_kind: 'event',
      event_topic: 'a',
      max_retries: 0,
      payload: { params: { [text]: text }, pipeline: pipeline(text) },
    });
    // A text that would be an expression is refused, if it is none.
    expect(task.status).toBe(text.includes('${') ? 400 : 201);
    if (task.status === 201) {
      const { id } = JSON.parse(task.text);
      const run = JSON.parse((await send('POST', `/tasks/${id}/run_now`, { params: { [text]: text } })).text);
      await attacked.ended(run.details.run_id);
    }
    await send('POST', '/auth/token', { username: text, password: text });
    await send('POST', '/auth/api-keys', { name: text, owner: text });
    await send('POST', '/agents', { name: `agent${n}`, description: text });
    await send('POST', '/events', { topic: 'a', payload: { [text]: text }, source_agent_id: text });
    await send('POST', '/tools/core.fail/call', { input: { message: text } });
    const encoded = encodeURIComponent(text);
    for (const path of [
      `/tasks/${encoded}`,
      `/ext/${encoded}/x`,
      `/ext/webui/${encoded}`,
      `/tools/${encoded}`,
      `/${encoded}`,
    ])
      await send('DELETE', path);
    const printable = text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '');
    await send('GET', '/nothing', undefined, { 'user-agent': printable, 'x-request-id': printable, origin: printable });
  }
  // All that was logged by now has come when this one has.
  await send('GET', '/the-last-one');
  await attacked.logged(({ path }) => path === '/the-last-one');
  const lines = log.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(nasty.length * 5);
  for (const line of lines) {
    expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(JSON.parse(line).msg).not.toBe('forged');
  }
  expect(attacked.failures).toEqual([]);
});

test('no answer takes a header from what was asked', async () => {
  const marks = [
    '%0d%0aX-Injected:%201',
    '%0aX-Injected:%201',
    '%E5%98%8A%E5%98%8DX-Injected:1',
    '\u560a\u560dX-Injected:1',
  ];
  for (const mark of marks) {
    const paths = [
      `/${mark}`,
      `/ext/webui?${mark}`,
      `/ext/webui${mark}`,
      `/api/v1/ext/webui?x=${mark}`,
      `/docs?${mark}`,
      `/tasks?x=${mark}`,
      `/ext/${mark}/x`,
    ];
    for (const path of paths) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const received = await exchange(attacked.url, Buffer.from(bytes));
      for (const answer of answersIn(received)) {
        tally.count('raw', answer.status);
        expect(Object.keys(answer.headers)).not.toContain('x-injected');
      }
    }
  }
  // A request id or anything else that comes back is one line of printable characters.
  for (const id of ['a\rb', 'a\nb', 'a\u0000b', 'a\u001bb', 'a b']) {
    const bytes = `GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`;
    const [answer] = answersIn(await exchange(attacked.url, bytes));
    expect(answer?.headers['x-request-id'] ?? '').toMatch(/^[\x21-\x7e]*$/);
    expect(answer?.headers['x-request-id']).not.toBe(id);
  }
});

describe('compressed bodies', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20), { level: 9 });

  test.each(['/tasks', '/auth/token', '/tools/core.echo/call', '/ext/events_demo/publish/x', '/ext/webui/api/tasks'])(
    'a bomb for %s is refused and not opened',
    async (path) => {
      for (const encoding of ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'gzip, gzip', 'GZIP']) {
        const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
        const answer = await asker.ask(path, { method: 'POST', headers, body: bomb });
        tally.count('bombs', answer.status);
        expect([answer.status, ...faultsOf(answer)]).toEqual([415]);
      }
    },
  );

  test('a bomb takes no time', async () => {
    // In the client, whose time it is that is measured here.
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(await cpuTimeOf(() => asker.ask('/tasks', { method: 'POST', headers, body: bomb }))).toBeLessThan(250);
  });

  test.each(['/ext/mcp_http/ws', '/ws/alerts'])('the WebSocket %s agrees to no compression', async (path) => {
    const bytes = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n`;
    const [answer] = answersIn(await headOf(attacked.url, bytes));
    expect(answer?.status).toBe(101);
    expect(answer?.headers).not.toHaveProperty('sec-websocket-extensions');
  });
});

test('nobody is logged with a password', async () => {
  await send('POST', '/auth/token', { username: 'admin', password: PASSWORD });
  await send('POST', '/auth/token', { username: PASSWORD, password: 'something else' });
  await send('GET', '/the-very-last-one');
  await attacked.logged(({ path }) => path === '/the-very-last-one');
  expect(log).not.toContain(PASSWORD);
});
