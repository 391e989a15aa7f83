import type { GenerateQuery } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import { isSecretName } from '../kernel/redact.ts';
import type { CallContext, HandlerCall } from './call-context.ts';
import type { RequestBody } from './request-body.ts';

/** What the pipeline of a handler sees as `event`. */
export function callEvent(
  call: Pick<HandlerCall, 'handlerId' | 'requestId' | 'headers'>,
  query: GenerateQuery,
  body: RequestBody | null,
  { accountId, times, tags }: CallContext,
): Record<string, unknown> {
  return {
    handler_id: call.handlerId,
    request_id: call.requestId,
    account_id: accountId,
    create_time: toIso(times.createTime),
    end_time: toIso(times.endTime),
    source: query.source ?? null,
    user_data: query.user_data ?? null,
    external_id: query.external_id ?? null,
    track_id: query.track_id ?? null,
    tags,
    query,
    headers: harmlessHeaders(call.headers),
    content_type: body?.contentType ?? null,
    encoding: body?.encoding ?? null,
    body: body?.value ?? null,
  };
}

/** By names in lower case; without those that have the names of secrets, which a pipeline could show to everybody. */
function harmlessHeaders(headers: HandlerCall['headers']): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !isSecretName(name)) shown[name] = [value].flat().join(', ');
  }
  return shown;
}
