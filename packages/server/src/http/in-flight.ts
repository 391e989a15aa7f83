import type { ServerResponse } from 'node:http';

/** Counts the requests that have come in and are not answered yet, whatever they are for. */
export class InFlight {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  track(response: ServerResponse): void {
    this.#count += 1;
    response.once('close', () => {
      this.#count -= 1;
    });
  }
}
