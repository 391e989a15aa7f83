import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileCheck } from '../src/kernel/schema.ts';
import { type Answer, api } from '../test/support/server.ts';
import { type Asked, type Plan, plans, toRequest } from './support/asked.ts';
import { type AttackedServer, PASSWORD, startAttacked } from './support/attacked-server.ts';
import { type Answered, faultsOf } from './support/error-answer.ts';
import { isPoisoned } from './support/hostile.ts';
import { KnownThings } from './support/known-things.ts';
import { seedsOf } from './support/operation-seeds.ts';
import { runs, seed } from './support/run-options.ts';
import { Tally } from './support/tally.ts';

/** How long a stream may take to its first bytes; one without events takes two seconds, which is not waited for. */
const STREAM_MS = 100;
/** Operations that hash a password when all is well, which takes 85 ms: most of their requests have something wrong. */
const hashing = new Set<OperationId>([
  'auth.token',
  'auth.agent_token',
  'auth.begin_session',
  'users.create',
  'users.update',
  'users.change_password',
  'agents.create_credentials',
]);
/** Operations that are never let through here, with the reason. */
const neverLetThrough: readonly OperationId[] = [
  // Only a user who is logged in has a password, and here nobody is.
  'users.change_password',
];

const tally = new Tally();
const known = new KnownThings();
let attacked: AttackedServer;
let pool: Pool;
let begun: number;

beforeAll(async () => {
  begun = performance.now();
  process.stdout.write(`Fuzz: seed ${seed} (ORDINAUT_SECURITY_SEED), ${runs} requests an operation (ORDINAUT_SECURITY_RUNS)\n`);
  attacked = await startAttacked({ ORDINAUT_AUTH: 'off', ORDINAUT_BODY_LIMIT_BYTES: '65536', ORDINAUT_MAX_STREAMS: '100000' });
  pool = new Pool(attacked.url, { connections: 32, headersTimeout: 20_000 });
  await makeThings();
});

afterAll(async () => {
  await pool?.destroy();
  await attacked?.[Symbol.asyncDispose]();
  const seconds = Math.round((performance.now() - begun) / 1000);
  process.stdout.write(`Fuzz: ${Object.keys(operations).length} operations in ${seconds} s, ${tally.line()}\n`);
});

/** Something of every kind, for requests to meet. */
async function makeThings(): Promise<void> {
  const { call, createTask, runNow, ended } = api(attacked.url);
  const made = async <Body>(path: string, body?: unknown): Promise<Body> => {
    const answer: Answer<Body> = await call<Body>('POST', path, body);
    if (answer.status >= 400) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const times = <Value>(count: number, make: (n: number) => Promise<Value>) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
  const task = async (uses: string, input: object) =>
    (await createTask({ max_retries: 0, payload: { pipeline: [{ id: 'a', uses, with: { ...input } }] } })).id;

  known.add('task', ...(await times(40, () => task('core.echo', { text: 'x' }))));
  known.add('doomedtask', ...(await times(40, () => task('core.echo', { text: 'x' }))));
  const [sleeper, failing] = [await task('core.sleep', { seconds: 1_000_000 }), await task('core.fail', {})];
  known.add('waitingrun', ...(await times(40, () => runNow(sleeper))));
  const finished = async (id: string) => (await ended(await runNow(id))).id;
  known.add('run', ...(await times(10, (n) => finished(known.fill(`@task:${n}`)))));
  known.add('failedrun', ...(await times(10, () => finished(failing))));

  const user = async (username: string) => (await made<{ username: string }>('/users', { username, password: PASSWORD })).username;
  known.add('user', 'admin', ...(await times(3, (n) => user(`user${n}`))));
  known.add('doomeduser', ...(await times(3, (n) => user(`doomed${n}`))));
  const agent = async (name: string) => (await made<{ id: string }>('/agents', { name })).id;
  known.add('agent', ...(await times(10, (n) => agent(`agent${n}`))));
  known.add('doomedagent', ...(await times(10, (n) => agent(`doomed-agent${n}`))));
  const { agent_secret } = await made<{ agent_secret: string }>(`/agents/${known.fill('@agent:0')}/credentials`);
  known.add('secret', agent_secret);
  const refresh = async () =>
    (await made<{ refresh_token: string }>('/auth/token', { username: 'user0', password: PASSWORD })).refresh_token;
  for (const kind of ['refresh', 'agentrefresh', 'doomedrefresh'] as const) known.add(kind, ...(await times(3, refresh)));
  const key = async (name: string) => (await made<{ id: string }>('/auth/api-keys', { name, owner: 'user0' })).id;
  known.add('key', ...(await times(20, (n) => key(`key${n}`))));

  const { body: audit } = await call<{ items: { id: string }[] }>('GET', '/audit');
  known.add('entry', ...audit.items.map(({ id }) => id));
  const { body: tools } = await call<{ items: { name: string }[] }>('GET', '/tools');
  known.add('tool', ...tools.items.map(({ name }) => name));
  const { body: extensions } = await call<{ extensions: object }>('GET', '/ext/status');
  known.add('extension', ...Object.keys(extensions.extensions));
}

/** Sends a request. Of a stream the first bytes; null where none came in time. */
async function ask({ method, path, headers, body }: Asked, isStream: boolean): Promise<Answered | null> {
  const signal = isStream ? AbortSignal.timeout(STREAM_MS) : null;
  try {
    const response = await pool.request({ method, path, headers, body, signal } as Parameters<Pool['request']>[0]);
    const answered = { status: response.statusCode, headers: response.headers };
    if (!String(response.headers['content-type']).startsWith('text/event-stream'))
      return { ...answered, text: await response.body.text() };
    for await (const chunk of response.body) return { ...answered, text: String(chunk) };
    return { ...answered, text: '' };
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

describe.concurrent('every operation stands what is sent to it', () => {
  test.each(Object.entries(operations) as [OperationId, Operation][])('%s', { timeout: 300_000 }, async (id, operation) => {
    const { schema, status: success } = operation.success;
    const checkResult = schema === undefined ? () => [] : compileCheck(schema, { own: true });
    const one = async (plan: Plan): Promise<void> => {
      const request = toRequest(operation, plan, known);
      const answered = await ask(request, operation.stream === true);
      tally.count(id, answered?.status ?? 'left');
      if (answered === null) return;
      const { status, headers, text } = answered;
      const faults = faultsOf(answered);
      const wanted = request.headers['x-request-id'];
      if (wanted !== undefined && /^[\x21-\x7e]{1,128}$/.test(wanted) && headers['x-request-id'] !== wanted)
        faults.push(`the request id ${wanted} became ${headers['x-request-id']}`);
      // A path that is twisted may be another operation's.
      if (status < 400 && !plan.twists.some(({ part }) => part === 'path')) {
        if (status !== success) faults.push(`the status is ${status} and not ${success}`);
        else if (schema !== undefined) faults.push(...checkResult(JSON.parse(text)).map(({ field, issue }) => `the answer: ${field} ${issue}`));
      }
      if (isPoisoned()) faults.push('Object.prototype is poisoned');
      if (faults.length === 0) return;
      const shown = { ...request, body: request.body?.toString().slice(0, 500) };
      throw new Error(`${faults.join('\n')}\n${JSON.stringify(shown)}\n${text.slice(0, 500)}\n${attacked.failures.at(-1) ?? ''}`);
    };
    const arbitrary = plans(operation, { seeds: seedsOf(id), seldom: hashing.has(id) });
    await fc.assert(fc.asyncProperty(arbitrary, one), { seed, numRuns: runs });
  });
});

test('requests that fit were let through, by every operation', ({ skip }) => {
  if (runs < 300) skip('with fewer requests some operations are not lucky');
  const refused = tally.without('200', '201', '202', 'left');
  expect(
    refused.filter((id) => !neverLetThrough.includes(id as OperationId)).map((id) => `${id}: ${tally.line([id])}`),
  ).toEqual([]);
});

test('the server has logged no failure', () => {
  expect(attacked.failures).toEqual([]);
});
