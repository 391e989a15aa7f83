import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import fc from 'fast-check';
import { Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileCheck } from '../src/kernel/schema.ts';
import { type ExtensionFolder, extensionFolder, setup } from '../test/support/extensions.ts';
import { describeStores } from '../test/support/stores.ts';
import { type Asked, type Plan, plans, toRequest } from './support/asked.ts';
import { type AttackedProcess, spawnAttacked } from './support/attacked-process.ts';
import { type Answered, faultsOf } from './support/error-answer.ts';
import type { KnownThings } from './support/known-things.ts';
import { makeThings } from './support/make-things.ts';
import { seedsOf } from './support/operation-seeds.ts';
import { runs, seed } from './support/run-options.ts';
import { Tally } from './support/tally.ts';

/** How long a stream may take to its first bytes; one without events takes two seconds, which is not waited for. */
const STREAM_MS = 100;
/** What PostgreSQL says to the same is of interest where it differs from SQLite: in texts. */
const POSTGRES_PART = 5;
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
/** Operations that nothing is let through to, with the reason. */
const neverLetThrough: readonly string[] = [
  // Only a user who is logged in has a password of their own, and here nobody is.
  'users.change_password',
];

describeStores('every operation stands what is sent to it', (kind) => {
  const numRuns = kind === 'sqlite' ? runs : Math.ceil(runs / POSTGRES_PART);
  const tally = new Tally();
  let folder: ExtensionFolder;
  let attacked: AttackedProcess;
  let known: KnownThings;
  let pool: Pool;
  let begun: number;

  beforeAll(async () => {
    process.stdout.write(`Fuzz on ${kind}: seed ${seed} (ORDINAUT_SECURITY_SEED), ${numRuns} requests an operation\n`);
    folder = extensionFolder();
    const config = { type: 'object', properties: { a: { type: 'integer' }, token: { type: 'string', secret: true } } };
    folder.write('configured', { manifest: { grants: ['ROUTES'], config }, code: setup('') });
    attacked = await spawnAttacked(kind, {
      ORDINAUT_AUTH: 'off',
      // Requests may say from where they come.
      ORDINAUT_TRUST_PROXY: 'loopback',
      ORDINAUT_INSECURE: '1',
      ORDINAUT_BODY_LIMIT_BYTES: '65536',
      ORDINAUT_MAX_STREAMS: '100000',
      ORDINAUT_EXT_PATHS: folder.path,
    });
    known = await makeThings(attacked);
    pool = new Pool(attacked.url, { connections: 32, headersTimeout: 20_000 });
    begun = performance.now();
  });

  afterAll(async () => {
    await pool?.destroy();
    await attacked?.[Symbol.asyncDispose]();
    folder?.remove();
    const seconds = Math.round((performance.now() - begun) / 1000);
    process.stdout.write(
      `Fuzz on ${kind}: ${Object.keys(operations).length} operations in ${seconds} s, ${tally.line()}\n`,
    );
  });

  /** Sends a request. Of a stream the first bytes; null where none came in time. */
  const ask = async ({ method, path, headers, body }: Asked, isStream: boolean): Promise<Answered | null> => {
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
  };

  describe.concurrent('with an error body of the catalogue, or success as the contract has it', () => {
    test.each(Object.entries(operations) as [OperationId, Operation][])('%s', async (id, operation) => {
      const successes = [operation.success, ...(operation.alsoSuccess ? [operation.alsoSuccess] : [])];
      const checks = new Map(
        successes.map(({ status, schema }) => [
          status as number,
          schema === undefined ? null : compileCheck(schema, { own: true }),
        ]),
      );
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
          const check = checks.get(status);
          if (check === undefined) faults.push(`the status is ${status} and not ${[...checks.keys()].join(' or ')}`);
          else if (check !== null)
            faults.push(...check(JSON.parse(text)).map(({ field, issue }) => `the answer: ${field} ${issue}`));
        }
        if (faults.length === 0) return;
        const shown = JSON.stringify({ ...request, body: request.body?.toString().slice(0, 500) });
        throw new Error(`${faults.join('\n')}\n${shown}\n${text.slice(0, 500)}\n${attacked.failures.at(-1) ?? ''}`);
      };
      const arbitrary = plans(operation, { seeds: seedsOf(id), seldom: hashing.has(id) });
      await fc.assert(fc.asyncProperty(arbitrary, one), { seed, numRuns });
    });
  });

  test('what fits was let through, by every operation', ({ skip }) => {
    if (numRuns < 300) skip('with fewer requests some operations are not lucky');
    const refused = tally.without('200', '201', '202', 'left').filter((id) => !neverLetThrough.includes(id));
    expect(refused.map((id) => `${id}: ${tally.line([id])}`)).toEqual([]);
  });

  test('the server lives, and has logged no failure', async () => {
    expect(attacked.child.exitCode).toBeNull();
    expect((await attacked.call('GET', '/health/live')).status).toBe(200);
    expect(attacked.failures).toEqual([]);
  });
});
