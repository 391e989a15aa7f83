import type { Approval, OrdinautClient } from '@ordinaut/sdk';
import { patiently, pauseAfter } from '../patiently.ts';

/**
 * The questions of a task, each once: those that wait already, and those that come, until the signal is aborted.
 *
 * The approvals of the server are the truth and events only say when to look: nothing is missed while the worker or the server is down, and the
 * worker has nothing to remember.
 */
export async function* questions(
  client: OrdinautClient,
  taskId: string,
  signal: AbortSignal,
): AsyncGenerator<Approval> {
  let known: ReadonlySet<string> = new Set();
  async function* look(): AsyncGenerator<Approval> {
    const pending: Approval[] = [];
    for await (const approval of client.approvals.list({ task_id: taskId, status: 'pending' }, { signal }))
      pending.push(approval);
    const before = known;
    known = new Set(pending.map(({ id }) => id));
    yield* pending.toReversed().filter(({ id }) => !before.has(id));
  }
  // The place before the first look: what is asked after it comes as an event.
  let lastEventId = await patiently(() => newestEvent(client, signal), signal);
  while (!signal.aborted) {
    try {
      yield* look();
      for await (const item of client.events.subscribe('approval.requested', { lastEventId, signal })) {
        if (item.type === 'event') lastEventId = item.event.id;
        yield* look();
      }
    } catch (error) {
      if (signal.aborted) return;
      await pauseAfter(error, signal);
    }
  }
}

/** Id of the newest event of the core; `0-0`, the beginning, where it is not among the newest of all. */
async function newestEvent(client: OrdinautClient, signal: AbortSignal): Promise<string> {
  const { items } = await client.events.recent({ count: 100 }, { signal });
  return items.find(({ stream }) => stream === 'core')?.id ?? '0-0';
}
