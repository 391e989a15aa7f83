/**
 * A wait that can be cut short. A signal that comes while nobody waits is kept for the next wait, so none is lost between
 * looking and waiting. One waiter at a time.
 */
export class Wakeup {
  #signaled = false;
  #wake: (() => void) | null = null;

  signal(): void {
    this.#signaled = true;
    this.#wake?.();
  }

  /** Resolves after `ms`, at a signal, or when `stop` is aborted; leaves no timer and no listener behind. */
  async wait(ms: number, stop: AbortSignal): Promise<void> {
    if (!this.#signaled && !stop.aborted && ms > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          stop.removeEventListener('abort', done);
          this.#wake = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        stop.addEventListener('abort', done);
        this.#wake = done;
      });
    }
    this.#signaled = false;
  }
}
