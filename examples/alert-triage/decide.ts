import type { Approval, OrdinautClient } from '@ordinaut/sdk';
import { connect } from '../connect.ts';
import { findTask } from './setup.ts';

/** The oldest question of a task that waits for an answer; waits for one where there is none. */
export async function nextQuestion(client: OrdinautClient, taskId: string): Promise<Approval> {
  // Where the events are now, before the look: what is asked after it comes by the stream.
  const recent = await client.events.recent({ count: 100 });
  const lastEventId = recent.items.find(({ stream }) => stream === 'core')?.id ?? '0-0';
  const look = async () => (await client.approvals.list({ task_id: taskId, status: 'pending' }).toArray(200)).at(-1);
  const waiting = await look();
  if (waiting !== undefined) return waiting;
  for await (const _ of client.events.subscribe('approval.requested', { lastEventId })) {
    const asked = await look();
    if (asked !== undefined) return asked;
  }
  throw new Error('The client was closed.');
}

if (import.meta.main) {
  const [verb, comment] = process.argv.slice(2);
  if (verb !== 'approve' && verb !== 'reject') {
    console.error(
      `The decision is "${verb ?? ''}"; say approve or reject, and why: decide.ts approve "A known attacker"`,
    );
    process.exit(2);
  }
  const client = connect();
  const task = await findTask(client);
  if (task === null) throw new Error('There is no such task yet; run setup.ts first.');
  const question = await nextQuestion(client, task.id);
  console.log(`${question.title} ${JSON.stringify(question.details)}`);
  await client.approvals[verb](question.id, comment === undefined ? {} : { comment });
  const run = await client.runs.wait(question.run_id);
  console.log(`Run ${run.id} ${run.status}: ${JSON.stringify(run.output ?? run.error)}`);
}
