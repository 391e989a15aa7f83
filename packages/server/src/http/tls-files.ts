import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';

const LOOK_MS = 60_000;

/** A certificate and its key, PEM. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** `ORDINAUT_TLS_CERT` and `ORDINAUT_TLS_KEY`, and what becomes of them while the server runs. */
export class TlsFiles {
  readonly #paths: { readonly cert: string; readonly key: string };
  readonly #logger: Logger;
  readonly #lookMs: number;
  #version = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param lookMs how often the files are looked at, milliseconds. */
  constructor(paths: { cert: string; key: string }, logger: Logger, lookMs = LOOK_MS) {
    this.#paths = paths;
    this.#logger = logger;
    this.#lookMs = lookMs;
  }

  /** @throws Error naming the setting where a file cannot be read, or the two do not belong together. */
  read(): TlsPair {
    // Before reading: what is renewed in between is seen at the next look.
    const version = this.#look();
    const pair = {
      cert: readPem(this.#paths.cert, 'ORDINAUT_TLS_CERT'),
      key: readPem(this.#paths.key, 'ORDINAUT_TLS_KEY'),
    };
    try {
      createSecureContext(pair);
    } catch (error) {
      throw new Error(
        `ORDINAUT_TLS_CERT and ORDINAUT_TLS_KEY cannot be used: ${messageOf(error)}. They must be a certificate and its key, PEM.`,
        { cause: error },
      );
    }
    this.#version = version;
    return pair;
  }

  /** Gives `renew` the files whenever they have changed, as certbot and the like renew them. Call what it returns to end that. */
  follow(renew: (pair: TlsPair) => void): () => void {
    this.#timer = setInterval(() => {
      try {
        if (this.#look() === this.#version) return;
        renew(this.read());
        this.#logger.info({ file: this.#paths.cert }, 'the renewed certificate is in use');
      } catch (error) {
        this.#logger.error({ err: error }, 'the renewed certificate cannot be used; the old one stays');
      }
    }, this.#lookMs);
    this.#timer.unref();
    return () => clearInterval(this.#timer);
  }

  #look(): string {
    return [this.#paths.cert, this.#paths.key].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs).join();
  }
}

function readPem(path: string, setting: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${setting} names ${path}, which cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
