import { setTimeout as delay } from 'node:timers/promises';

const MOST_WAITS = 3;
const LONGEST_WAIT_SECONDS = 10;

/** Sends a request, and again where the server says that it came too soon, as long as the wait is short. */
export async function sendPatiently(send: () => Promise<Response>, signal?: AbortSignal): Promise<Response> {
  for (let waits = 0; ; waits += 1) {
    const response = await send();
    if (response.status !== 429 || waits === MOST_WAITS) return response;
    // The HTTP date that the header may have instead is no number, and too long to wait for.
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    if (!(seconds <= LONGEST_WAIT_SECONDS)) return response;
    await response.body?.cancel();
    await delay(seconds * 1000, undefined, signal === undefined ? {} : { signal });
  }
}
