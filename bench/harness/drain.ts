/** Jobs run before the measurement in the same process, so that every side is measured warm. */
export const WARM_UP = 2000;

/** Jobs are put in by so many at a time, on every side. */
export const CHUNK = 1000;

export interface DrainInput {
  /** Jobs to work off. */
  readonly jobs: number;
  readonly warmUp: number;
}

export interface Drain {
  /** From the start of the worker until the last job is recorded as done. */
  readonly seconds: number;
  readonly perSecond: number;
}

export const drainOf = (jobs: number, startedAt: number): Drain => {
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, perSecond: jobs / seconds };
};

/** The numbers from 0 to `jobs`, in chunks. */
export function* chunks(jobs: number): Generator<number[]> {
  for (let from = 0; from < jobs; from += CHUNK) {
    yield Array.from({ length: Math.min(CHUNK, jobs - from) }, (_, index) => from + index);
  }
}
