import type { OrdinautError } from '../ordinaut-error.ts';

/** What came of one request. */
export interface Arrival {
  /** Null where no answer came. */
  readonly response: Response | null;
  readonly text: string;
  /** The body as it came. Null where no answer came. */
  readonly bytes: ArrayBuffer | null;
  /** Null where all is well. */
  readonly error: OrdinautError | null;
  /** By the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}
