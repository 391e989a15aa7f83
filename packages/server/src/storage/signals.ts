import { EventEmitter } from 'node:events';

export interface SignalMap {
  /** Runs may be ready to be claimed. */
  runs: [];
  /** A task got an earlier fire time. */
  tasks: [];
  /** Somebody wants this run to end. */
  cancel: [runId: string];
  /** Events were noted, which have to be put into the log. */
  noted: [];
  /** Events were put into the log. */
  events: [];
  /** A user, agent, session or API key was changed: what is remembered of credentials may not hold any more. */
  identity: [];
}

/**
 * Hints that save a poll. They may be lost or come twice: whoever listens looks into the store, which is the truth.
 */
export class Signals extends EventEmitter<SignalMap> {
  constructor() {
    super();
    this.setMaxListeners(0);
  }
}
