import { RequestError } from '@ordinaut/kit';

/** Names joined by single dots; letters and digits of any language. */
const shape = /^[\p{L}\p{M}\p{N}_-]+(\.[\p{L}\p{M}\p{N}_-]+)*$/u;

/** @throws RequestError `bad_request` for a name that is none, a pattern for example. */
export function streamName(params: unknown): string {
  const { stream } = params as { stream: string };
  if (stream.length <= 200 && shape.test(stream)) return stream;
  const issue = `is ${JSON.stringify(stream.slice(0, 80))}; use letters, digits, _ and -, in names joined by single dots, for example orders.new`;
  throw new RequestError('bad_request', `stream: ${issue}`, { field: 'stream', issue });
}
