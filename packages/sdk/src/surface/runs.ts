import type { Priority } from '../call.ts';
import type { Core } from '../core.ts';
import { AbortedError, TimeoutError } from '../errors.ts';
import type { EventStream, StreamItem, StreamOptions } from '../event-stream.ts';
import type { Run } from '../generated/models.ts';
import { isOrdinautError } from '../ordinaut-error.ts';
import { type FollowOptions, followStream } from '../stream/follow-stream.ts';
import { streamOf } from '../stream/stream-of.ts';
import { isRecord } from '../transport/answer-error.ts';
import { requestOf } from '../transport/outgoing-request.ts';
import { Scope } from '../transport/scope.ts';
import { makeCall } from './make-call.ts';

/** A run that is over. */
export type FinishedRun = Run & { status: 'succeeded' | 'failed' | 'canceled' };

export interface WaitOptions {
  /** How long: milliseconds from now, or an instant. Default: 600,000, ten minutes. `Infinity`: for ever. */
  readonly deadline?: number | Date | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunMethods {
  /**
   * Waits until a run is over. It is followed by its stream; where that cannot be had, it is asked for again and again.
   *
   * @returns the run with its steps; a run that failed is returned like any other.
   * @throws TimeoutError where it is not over by the deadline: `details` has `run_id` and the last known `status`.
   */
  wait(id: string, options?: WaitOptions): Promise<FinishedRun>;
  /**
   * Follows a run until it is over: events `run` and `step`, as they come.
   *
   * `runs.stream`: `GET /runs/{id}/stream`. Needs `runs:read`.
   *
   * @throws OrdinautError with `not_found`, where there is no such run.
   */
  stream(id: string, options?: StreamOptions): EventStream;
}

const DEADLINE_MS = 600_000;
/** Milliseconds between two looks where the stream cannot be had: at first, and at most. */
const LOOK_MS = 500;
const LONGEST_LOOK_MS = 10_000;
/** Attempts to get the stream before it is done without. */
const STREAM_FAILURES = 2;

const finals: readonly unknown[] = ['succeeded', 'failed', 'canceled'];

const isLast = (item: StreamItem): boolean => item.type === 'event' && item.name === 'run' && isOver(item.data);
const isOver = (run: unknown): run is FinishedRun => isRecord(run) && finals.includes(run.status);

export function runMethods(core: Core): RunMethods {
  const follow = (id: string, options: FollowOptions) =>
    followStream(core, requestOf('runs.stream', [id]), { ...options, beginsWithState: true, isLast });

  async function untilOver(id: string, signal: AbortSignal, note: (status: unknown) => void): Promise<void> {
    try {
      for await (const item of follow(id, { signal, mostFailures: STREAM_FAILURES })) {
        if (item.type === 'event' && item.name === 'run' && isRecord(item.data)) note(item.data.status);
      }
    } catch (error) {
      // Who may not see the run, or asks for none, learns no more by asking again.
      if (isOrdinautError(error, 'not_found', 'permission', 'authentication', 'bad_request', 'configuration'))
        throw error;
    }
  }

  return {
    stream: (id, options) => streamOf((left) => follow(id, { ...options, left })),
    async wait(id, { deadline = DEADLINE_MS, signal } = {}) {
      const { clock, random } = core.options;
      const timeoutMs = deadline instanceof Date ? deadline.getTime() - clock.now() : deadline;
      let status: unknown = null;
      const scope = new Scope({
        clock,
        signals: [
          {
            signal,
            reason: (cause) =>
              new AbortedError('The wait was aborted by its signal.', { operation: 'runs.wait', cause }),
          },
          {
            signal: core.closed,
            reason: () => new AbortedError('The client was closed.', { operation: 'runs.wait' }),
          },
        ],
        timeoutMs,
        onTimeout: () =>
          new TimeoutError(`Run ${id} was not over within ${timeoutMs} ms; it was ${String(status ?? 'not seen')}.`, {
            operation: 'runs.wait',
            of: 'call',
            retryable: true,
            details: { run_id: id, status },
          }),
      });
      try {
        await scope.within(
          untilOver(id, scope.signal, (each) => {
            status = each;
          }),
        );
        for (let lookMs = LOOK_MS; ; lookMs = Math.min(lookMs * 1.5, LONGEST_LOOK_MS)) {
          // The first look is most often the last one: the stream has said that it is over.
          const run = await look(core, id, scope, lookMs === LOOK_MS ? 'foreground' : 'low');
          if (isOver(run)) return run;
          if (isRecord(run)) status = run.status;
          // Half of it is random, so that those who wait for one run do not ask together.
          await scope.sleep(lookMs / 2 + (random() * lookMs) / 2);
        }
      } catch (error) {
        // Calls within it say that they were aborted; why, the scope knows.
        throw scope.isOver ? scope.signal.reason : error;
      } finally {
        scope.dispose();
      }
    },
  };
}

/** The run as it is; null where it cannot be said at the moment. */
async function look(core: Core, id: string, scope: Scope, priority: Priority): Promise<unknown> {
  try {
    return (await makeCall(core, 'runs.get', [id], { signal: scope.signal, priority })).data;
  } catch (error) {
    if (isOrdinautError(error) && error.retryable && !scope.isOver) return null;
    throw error;
  }
}
