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
 * may execute it. An event's id is `<attempt>-<steps told>`: a client that comes back is told the steps it has not seen, and
 * then the run as it stands.
 */
export async function* followRun(
  id: string,
  { read, feed }: { read(): Promise<Run>; feed: RunFeed },
  { signal, lastEventId }: FollowOptions,
): AsyncGenerator<RunEvent> {
  const changed = new Wakeup();
  const live: StepRecord[] = [];
  const leave = feed.follow(id, ({ step }) => {
    if (step?.status === 'running') live.push(step);
    changed.signal();
  });
  try {
    let shown = '';
    let run = await read();
    let told = toldBefore(run, lastEventId);
    const begun = new Set<string>();
    while (!signal.aborted) {
      const eventId = () => `${run.attempt}-${told}`;
      const ended = run.steps.filter(isEnded);
      for (const step of ended.slice(told)) {
        told += 1;
        yield { event: 'step', id: eventId(), data: step };
      }
      for (const step of live.splice(0)) {
        if (begun.has(step.id) || ended.some((known) => known.id === step.id)) continue;
        begun.add(step.id);
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

const isEnded = (step: StepRecord): boolean => step.finished_at !== null;

function toldBefore(run: Run, lastEventId: string | null): number {
  const seen = /^\d+-(\d{1,4})$/.exec(lastEventId ?? '');
  return seen === null ? 0 : Math.min(Number(seen[1]), run.steps.filter(isEnded).length);
}
