import type { Answer, CallOptions } from '../call.ts';
import type { Core } from '../core.ts';
import { send } from '../transport/ongoing-call.ts';
import { requestOf } from '../transport/outgoing-request.ts';
import { rankOf } from './rank.ts';

/** Calls an operation. Failures of what is given are failures of the call, and not thrown at whoever makes it. */
export async function makeCall(
  core: Core,
  id: string,
  given: readonly unknown[],
  options: CallOptions,
): Promise<Answer<unknown>> {
  return send(core, requestOf(id, given), { ...options, rank: rankOf(options) });
}
