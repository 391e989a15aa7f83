import {
  CORE_STREAM,
  type EventStreams,
  type FollowStreamOptions,
  type StreamEvent,
  type StreamGap,
} from './streams.ts';

/** Where a reader begins that has seen nothing yet: it goes on from there, also where no event has come before it was cut off. */
export interface StreamPlace {
  readonly place: string;
}

/**
 * Follows the core, and says first where that begins where the reader does not say it itself.
 *
 * @throws ApiError `unavailable` while the events cannot be read.
 */
export async function* followFromPlace(
  streams: Pick<EventStreams, 'follow' | 'head'>,
  pattern: string | undefined,
  { after, signal }: FollowStreamOptions,
): AsyncGenerator<StreamPlace | StreamEvent | StreamGap> {
  const from = after ?? (await streams.head(CORE_STREAM));
  if (after === null) yield { place: from };
  yield* streams.follow({ stream: CORE_STREAM, ...(pattern !== undefined && { pattern }) }, { after: from, signal });
}

/** The message that tells a place. */
export const connectedMessage = ({ place }: StreamPlace) => ({ event: 'connected', id: place, data: {} }) as const;
