import type { ApprovalQuestion } from '@ordinaut/contract';

/**
 * What a tool answers instead of an output when its step has to wait durably: the run is parked, no worker is held, and the
 * wait survives a restart.
 */
export class Suspension {
  /** When the step goes on at the latest, epoch milliseconds. */
  readonly wakeAt: number;
  /** The output of the step once it is awake. */
  readonly outputWhenAwake: unknown;
  /** What somebody has to answer until then; the answer makes the output, or fails the step. Null: it only waits. */
  readonly question: ApprovalQuestion | null;

  constructor(wakeAt: number, outputWhenAwake: unknown, question: ApprovalQuestion | null = null) {
    this.wakeAt = wakeAt;
    this.outputWhenAwake = outputWhenAwake;
    this.question = question;
  }
}
