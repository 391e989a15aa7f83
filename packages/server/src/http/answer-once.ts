import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, badRequest, conflict, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { StoredAnswer } from '../storage/idempotency.ts';
import type { HttpServices } from './services.ts';

/** What the answer of a handler depends on besides. */
const handlerHeaders = ['content-type', 'luna-event-time', 'luna-event-end-time', 'luna-account-id'];

/**
 * What makes a request the same request: its operation (whatever prefix it came by), its path with what it asks there, and its body; of
 * a request to a handler also the headers that say what the body is, and when and whose the events are.
 *
 * @param headers of a request to a handler; null elsewhere.
 */
export const requestHash = (
  method: string,
  path: string,
  body: Buffer | null,
  headers: IncomingHttpHeaders | null,
): string =>
  createHash('sha256')
    .update(`${method} ${path}\n`)
    .update(headers === null ? '' : `${JSON.stringify(handlerHeaders.map((name) => headers[name] ?? null))}\n`)
    .update(body ?? '')
    .digest('hex');

/**
 * The `Idempotency-Key` of a request; null where there is none.
 *
 * @throws ApiError `bad_request` unless it has 1–255 printable ASCII characters.
 */
export function readKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  throw badRequest([{ field: 'Idempotency-Key', issue: 'must be 1 to 255 printable ASCII characters' }]);
}

/**
 * Answers a keyed request once: the first time by `perform`, later with what was answered then.
 *
 * Final answers are kept: 2xx and those 4xx that the same request would get again. 408, 429 and 5xx are not, so that the
 * client can try again with the same key.
 *
 * @param describe the answer for an error that `perform` threw.
 * @throws ApiError `conflict` where the key belongs to another request or the same one is still being answered.
 */
export async function answerOnce(
  {
    store,
    key,
    hash,
    logger,
  }: { store: HttpServices['idempotency']; key: string; hash: string; logger: Pick<Logger, 'error'> },
  perform: () => Promise<StoredAnswer>,
  describe: (error: unknown) => StoredAnswer,
): Promise<StoredAnswer> {
  const begun = await store.begin(key, hash);
  switch (begun.kind) {
    case 'replay':
      return { status: begun.status, body: begun.body, headers: { ...begun.headers, 'idempotency-replayed': 'true' } };
    case 'mismatch':
      throw conflict('This Idempotency-Key was used for another request. Use a new key for a new request.');
    case 'in_progress':
      throw inProgress();
  }
  let answer: StoredAnswer;
  try {
    answer = await perform();
  } catch (error) {
    answer = describe(error);
    if (answer.status >= 500 || answer.status === 408 || answer.status === 429) {
      await settle(() => store.abandon(key, begun.hold), logger);
      throw error;
    }
  }
  await settle(() => store.complete(key, answer, begun.hold), logger);
  return answer;
}

const inProgress = () =>
  new ApiError('conflict', 'The same request with this Idempotency-Key is being answered now. Ask again soon.', {
    retryAfterSeconds: 1,
  });

/** What was done is done: a store that fails now must not turn the answer into an error. */
async function settle(write: () => Promise<void>, logger: Pick<Logger, 'error'>): Promise<void> {
  try {
    await write();
  } catch (error) {
    logger.error({ err: error }, `the outcome of a keyed request was not kept: ${messageOf(error)}`);
  }
}
