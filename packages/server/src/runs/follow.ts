import { finalRunStatuses, type Run, type StepRecord } from '@ordinaut/contract';
import { Wakeup } from '../kernel/wakeup.ts';
import type { RunFeed } from './run-feed.ts';

const LOOK_MS = 1000;

/** One change of a run. `id` is what a client gives back as `lastEventId`. */
export interface RunEvent {
  readonly event: 'run' | 'step';
  readonly id: string;
  readonly data: unknown;
}

export interface FollowOptions {
  /** Ends the iteration without an error. */
  readonly signal: AbortSignal;
  /** The last event the client has seen; null: from the start. */
  readonly lastEventId: string | null;
}

/**
 * Follows a run by reading it whenever the feed of this process hints at a change, and once a second because another process
 * may execute it.
 *
 * An event's id is `<attempt>-<finished steps told>`: a client that comes back is told the steps it has not seen, and then the
 * run as it stands. Skipped steps are not counted, since they are not stored while the run is live and stand among the others
 * only at its end: they are told when this process hears of them, or else at the end. For a client that comes back, those that
 * stand before the last finished step it was told are taken for told.
 */
export async function* followRun(
  id: string,
  { read, feed }: { read(): Promise<Run>; feed: RunFeed },
  { signal, lastEventId }: FollowOptions,
): AsyncGenerator<RunEvent> {
  const changed = new Wakeup();
  const live: StepRecord[] = [];
  const leave = feed.follow(id, ({ step }) => {
    if (step?.status === 'running' || step?.status === 'skipped') live.push(step);
    changed.signal();
  });
  try {
    let shown = '';
    let run = await read();
    const seen = seenBefore(run, lastEventId);
    let counted = seen;
    const told = new Set<string>();
    while (!signal.aborted) {
      const eventId = () => `${run.attempt}-${counted}`;
      let position = 0;
      for (const step of run.steps.filter(isEnded)) {
        if (step.status !== 'skipped') position += 1;
        if (told.has(keyOf(step))) continue;
        told.add(keyOf(step));
        if (position < seen || (position === seen && step.status !== 'skipped')) continue;
        if (step.status !== 'skipped') counted += 1;
        yield { event: 'step', id: eventId(), data: step };
      }
      for (const step of live.splice(0)) {
        // Where it stands among those the client has seen is known at the end.
        if (step.status === 'skipped' && seen > 0) continue;
        if (told.has(step.id) || told.has(keyOf(step))) continue;
        told.add(keyOf(step));
        yield { event: 'step', id: eventId(), data: step };
      }
      const { steps, ...summary } = run;
      const state = `${run.status} ${run.attempt} ${run.wake_at}`;
      if (state !== shown) yield { event: 'run', id: eventId(), data: summary };
      shown = state;
      if (finalRunStatuses.some((final) => final === run.status)) return;
      await changed.wait(LOOK_MS, signal);
      if (!signal.aborted) run = await read();
    }
  } finally {
    leave();
  }
}

/** What is told once. A step that a later attempt repeats begins at another time, and need not be skipped again. */
const keyOf = ({ id, status, started_at }: StepRecord): string => {
  if (status === 'running') return `${id} ${started_at}`;
  return status === 'skipped' ? `${id} skipped` : id;
};

const isEnded = (step: StepRecord): boolean => step.finished_at !== null;

/** How many of the finished steps, without the skipped ones, the client was told. */
function seenBefore(run: Run, lastEventId: string | null): number {
  const seen = /^\d+-(\d{1,4})$/.exec(lastEventId ?? '');
  const finished = run.steps.filter((step) => isEnded(step) && step.status !== 'skipped');
  return seen === null ? 0 : Math.min(Number(seen[1]), finished.length);
}
