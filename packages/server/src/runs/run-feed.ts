import { EventEmitter } from 'node:events';
import type { StepRecord } from '@ordinaut/contract';

/** What a live view hears of one run. It is a hint to look at the run, and may be missed. */
export type RunHint = { readonly step: StepRecord } | { readonly step: null };

/** Tells live views in this process that a run has changed. */
export class RunFeed {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** Whether anybody follows the run: what is told to nobody need not be made. */
  followed(runId: string): boolean {
    return this.#emitter.listenerCount(runId) > 0;
  }

  tell(runId: string, hint: RunHint): void {
    this.#emitter.emit(runId, hint);
  }

  follow(runId: string, listener: (hint: RunHint) => void): () => void {
    this.#emitter.on(runId, listener);
    return () => this.#emitter.off(runId, listener);
  }
}
