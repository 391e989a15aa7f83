import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import type { Signals } from '../../storage/signals.ts';
import { callerKey } from './caller-key.ts';
import type { Door } from './door.ts';
import { callerOf } from './entry.ts';

/** Which part of all of them one caller may have. */
const SHARE = 10;
/** How often it is looked whether credentials have run out, in milliseconds. */
const LOOK_MS = 15_000;

export interface LiveConnectionsDeps {
  /** `ORDINAUT_MAX_STREAMS` */
  readonly most: number;
  readonly door: Pick<Door, 'mayStay'>;
  readonly signals: Signals;
  readonly logger: Logger;
}

/**
 * The event streams and WebSockets that are open. Nobody takes them all; and one whose credentials count no more is ended, because it
 * came through the door only once: at once where somebody was logged out or lost a scope, within 15 s where a token has run out.
 */
export class LiveConnections implements Service {
  readonly name = 'live connections';
  readonly #deps: LiveConnectionsDeps;
  readonly #mostOfOne: number;
  readonly #open = new Map<IncomingMessage, { readonly key: string; end(): void }>();
  readonly #counts = new Map<string, number>();
  #streams = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: LiveConnectionsDeps) {
    this.#deps = deps;
    this.#mostOfOne = Math.max(1, Math.floor(deps.most / SHARE));
  }

  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#deps.signals.on('identity', this.#look);
    this.#timer = setInterval(this.#look, LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#deps.signals.off('identity', this.#look);
  }

  /** How many of them are answers to requests, and no WebSockets. */
  get streams(): number {
    return this.#streams;
  }

  /**
   * Takes in a connection that lasts, until it closes.
   *
   * @param connection its response, or the socket of a WebSocket.
   * @throws ApiError `unavailable` where all places are taken, or this caller has enough.
   */
  admit(request: IncomingMessage, connection: ServerResponse | Duplex): void {
    // One whose client has left already will not say so again.
    if (connection.destroyed) return;
    const key = callerKey(callerOf(request));
    const ofOne = this.#counts.get(key) ?? 0;
    if (this.#open.size >= this.#deps.most || ofOne >= this.#mostOfOne) {
      const whose = ofOne >= this.#mostOfOne ? `You have ${ofOne}` : `There are ${this.#open.size}`;
      const message = `${whose} streams open, which is the most; close some, or raise ORDINAUT_MAX_STREAMS.`;
      throw new ApiError('unavailable', message, {
        details: { open: ofOne, limit: this.#mostOfOne },
        retryAfterSeconds: 10,
      });
    }
    const isStream = 'writeHead' in connection;
    if (isStream) this.#streams += 1;
    this.#open.set(request, { key, end: () => connection.destroy() });
    this.#counts.set(key, ofOne + 1);
    connection.once('close', () => {
      this.#open.delete(request);
      if (isStream) this.#streams -= 1;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    });
  }

  readonly #look = (): void => {
    for (const [request, { end }] of this.#open) {
      this.#deps.door.mayStay(request).then(
        (may) => {
          if (!may) end();
        },
        // Who cannot be asked for at the moment is asked for again.
        (error: unknown) =>
          this.#deps.logger.debug({ reason: messageOf(error) }, 'a connection could not be looked at'),
      );
    }
  };
}
