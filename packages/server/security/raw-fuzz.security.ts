import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AttackedServer, startAttacked } from './support/attacked-server.ts';
import { faultsOf } from './support/error-answer.ts';
import { answersIn, exchange } from './support/raw-exchange.ts';
import { rawRequests } from './support/raw-requests.ts';
import { runs, seed } from './support/run-options.ts';
import { Tally } from './support/tally.ts';

const LANES = 4;

const tally = new Tally();
let attacked: AttackedServer;
beforeAll(async () => {
  process.stdout.write(`Raw fuzz: seed ${seed} (ORDINAUT_SECURITY_SEED)\n`);
  attacked = await startAttacked({ ORDINAUT_AUTH: 'off' });
});
afterAll(async () => {
  await attacked?.[Symbol.asyncDispose]();
  process.stdout.write(`Raw fuzz: ${tally.line()}\n`);
});

/** What is wrong with what came back; a connection that is closed without a word is all right. */
function faultsIn(sent: string, received: string): string[] {
  const answers = answersIn(received);
  for (const { status } of answers) tally.count('answers', status);
  if (answers.length === 0) tally.count('closed', 'closed');
  // Whose answer is whose is not told; with one HEAD among them any may be without a body.
  const mayLackBody = /HEAD /.test(sent);
  return answers.flatMap((answer) =>
    answer.status === 101
      ? []
      : faultsOf(answer, mayLackBody && answer.text === '').map((fault) => `${answer.status}: ${fault}`),
  );
}

describe.concurrent('bytes that should be HTTP get an error answer or a closed connection', () => {
  test.each(Array.from({ length: LANES }, (_, lane) => lane))('lane %i', async (lane) => {
    const one = async (sent: string): Promise<void> => {
      const faults = faultsIn(sent, await exchange(attacked.url, sent));
      if (faults.length > 0) throw new Error(`${faults.join('\n')}\nsent: ${JSON.stringify(sent.slice(0, 1000))}`);
    };
    await fc.assert(fc.asyncProperty(rawRequests, one), { seed: seed + lane, numRuns: Math.max(runs, 300) });
  });
});

test('the server lives, and has logged no failure', async () => {
  expect((await fetch(`${attacked.url}/health/live`)).status).toBe(200);
  expect(attacked.failures).toEqual([]);
});
