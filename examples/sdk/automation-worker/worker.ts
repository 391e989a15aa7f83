import { type Approval, ConflictError, type OrdinautClient } from '@ordinaut/sdk';
import { connect } from '../../connect.ts';
import { patiently } from '../patiently.ts';
import { questions } from './questions.ts';
import { ensureTask } from './release-task.ts';
import { type Verdict, verdictOn } from './rule.ts';

/** Answers what the task asks by the rule, and prints what becomes of the runs, until the signal is aborted. */
export async function work(client: OrdinautClient, signal: AbortSignal, print: (line: string) => void): Promise<void> {
  const task = await patiently(() => ensureTask(client), signal);
  print(`Working on task ${task.id}`);
  const following = new Set<Promise<void>>();
  for await (const question of questions(client, task.id, signal)) {
    const verdict = verdictOn(question);
    if (verdict === null) {
      print(`${question.title} is for people`);
      continue;
    }
    const done = settle(client, question, verdict, { signal, print }).finally(() => following.delete(done));
    following.add(done);
  }
  await Promise.all(following);
}

async function settle(
  client: OrdinautClient,
  { id, run_id, title }: Approval,
  { verb, comment }: Verdict,
  { signal, print }: { signal: AbortSignal; print(line: string): void },
): Promise<void> {
  try {
    // The same decision again gives the same answer: this may be repeated, by another worker too.
    await patiently(() => client.approvals[verb](id, { comment }, { signal }), signal);
    print(`${title} ${verb}: ${comment}`);
    const run = await patiently(() => client.runs.wait(run_id, { signal }), signal);
    print(`${title} ${run.status}: ${JSON.stringify(run.output ?? run.error?.message)}`);
  } catch (error) {
    if (error instanceof ConflictError) print(`${title} has been decided by somebody else`);
    // What is left at the end, the next start finds.
    else if (!signal.aborted) print(`${title} cannot be settled: ${String(error)}`);
  }
}

if (import.meta.main) {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const client = connect({ userAgent: 'release-worker/1.0' });
  await work(client, stopping.signal, console.log).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  client.close();
  console.log('Stopped');
}
