/**
 * What a tool answers instead of an output when its step has to wait durably: the run is parked, no worker is held, and the
 * wait survives a restart.
 */
export class Suspension {
  /** When the step goes on, epoch milliseconds; `null` while only an answer from outside (an approval) can wake it. */
  readonly wakeAt: number | null;
  /** The output of the step once it is awake. */
  readonly outputWhenAwake: unknown;

  constructor(wakeAt: number | null, outputWhenAwake: unknown) {
    this.wakeAt = wakeAt;
    this.outputWhenAwake = outputWhenAwake;
  }
}
