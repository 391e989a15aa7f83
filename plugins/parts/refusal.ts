/** A message that can never become an event. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Whether publishing failed for good: the server will not take this event however often it is offered. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof Refusal ||
  (error instanceof Error && 'code' in error && (error.code === 'bad_request' || error.code === 'payload_too_large'));

/** Reads bytes as text. @throws Refusal for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('It is not UTF-8 text.');
  }
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
