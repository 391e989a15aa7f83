/** What can be said for one stream. */
export interface StreamOptions {
  /** Ends the stream: the iteration ends without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Id of the last event that was seen; the stream begins after it. Default: with what comes now. */
  readonly lastEventId?: string | undefined;
  /**
   * Milliseconds without a sign of life after which the connection counts as dead and is made again. The server sends a heartbeat
   * after 15 s of silence. Default: 45,000.
   */
  readonly silenceMs?: number | undefined;
  /** Milliseconds that a broken stream is tried for until it is given up. Default: for ever. */
  readonly giveUpAfterMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One item of a stream. */
export type StreamItem = StreamEvent | StreamGap;

export interface StreamEvent {
  readonly type: 'event';
  /** Name of the event, for example `step`. */
  readonly name: string;
  /** What `lastEventId` takes, to go on after it; null where the event has none. */
  readonly id: string | null;
  readonly data: unknown;
}

/** Events were lost: they are no longer kept, or the connection broke before there was an id to go on from. Read again what matters. */
export interface StreamGap {
  readonly type: 'gap';
  /** Id of the last event before it; null where none is known. */
  readonly after: string | null;
  /** Id of the oldest event that is still kept; null where it is not known. */
  readonly oldest: string | null;
}

/**
 * A stream of the server, for as long as it is iterated: a broken one is made again and goes on where it was. Heartbeats are kept
 * from the caller.
 */
export type EventStream<Item = StreamItem> = AsyncIterable<Item>;
