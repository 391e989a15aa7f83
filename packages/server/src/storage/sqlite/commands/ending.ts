import type { FinalRunStatus } from '@ordinaut/contract';
import type { Settlement } from '../../run-queue.ts';
import type { SqlValue } from '../sql-value.ts';

/** What is needed of a run to end it. */
export type Ending = Omit<Extract<Settlement, { kind: 'finish' }>, 'kind' | 'startedAt'> & {
  readonly startedAt: number | null;
};

const WIDTH = 12;

/**
 * Ends of runs as one flat list of values. They cross to the storage thread by the ten thousand a second, and a list of objects
 * costs both threads twice as much as a list of values.
 */
export const packEndings = (endings: readonly Ending[]): SqlValue[] =>
  endings.flatMap((ending) => [
    ending.runId,
    ending.fence,
    ending.status,
    ending.error,
    ending.output,
    ending.steps,
    ending.finishedAt,
    ending.taskId,
    ending.startedAt,
    ending.concurrencyKey,
    ending.checkpointed ? 1 : 0,
    ending.chain ?? 0,
  ]);

export function* unpackEndings(values: readonly SqlValue[]): Generator<Ending> {
  for (let at = 0; at < values.length; at += WIDTH) {
    yield {
      runId: values[at] as string,
      fence: values[at + 1] as number,
      status: values[at + 2] as FinalRunStatus,
      error: values[at + 3] as string | null,
      output: values[at + 4] as string | null,
      steps: values[at + 5] as string,
      finishedAt: values[at + 6] as number,
      taskId: values[at + 7] as string,
      startedAt: values[at + 8] as number | null,
      concurrencyKey: values[at + 9] as string | null,
      checkpointed: values[at + 10] === 1,
      chain: values[at + 11] as number,
    };
  }
}
