import type { CallOptions, Priority } from '../call.ts';

export interface PollOptions {
  /** `low` (the default) waits until no foreground call does, as long as the whole call of a `read` may take. */
  readonly priority?: Priority | undefined;
  /** Polls with the same key share one that is under way. Default: the function itself. */
  readonly key?: string | undefined;
  /** Milliseconds for which what came is given again. Default: 0. */
  readonly maxAgeMs?: number | undefined;
  /** Ends the wait of this caller; others who share the poll go on. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes the calls of a poll, with the options it is given. */
export type PollFunction<T> = (options: CallOptions) => Promise<T> | PromiseLike<T>;
