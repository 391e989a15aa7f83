import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ApiError } from '../kernel/errors.ts';

/** OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 passes, 1 lane. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const BYTES = 32;
/** Each takes 19 MiB and a thread of the pool, which files and the database need too. */
const AT_A_TIME = 2;
/** With more waiting, the last would wait for seconds. */
const LONGEST_LINE = 50;

/** The hash of 32 random bytes that are kept nowhere: compared with where there is nobody of a name, so that it takes as long. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$KcEdpjY4MPwbut//g2lcVQ$fSKEC+8iS4U3bOhqqxGB+zexKJkKwIaMAT+vws4ix0M';

const derive = promisify(argon2);
const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/**
 * Hashes passwords and the secrets of agents with Argon2id (RFC 9106), off the event loop, two at a time. The text of a hash is that
 * of the PHC string format, so that stronger parameters can come later and old hashes still hold.
 */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async hash(text: string): Promise<string> {
    const salt = randomBytes(16);
    const hash = await this.#derive(text, salt, MEMORY_KIB, PASSES, LANES, BYTES);
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(hash)}`;
  }

  /**
   * Whether a text is what was hashed. It takes the same time for a wrong text, and where there is no hash.
   *
   * @throws ApiError `unavailable` where too many wait already.
   */
  async verify(text: string, hash: string | null): Promise<boolean> {
    const [, memory, passes, lanes, salt, expected] = phc.exec(hash ?? NOBODY) ?? [];
    if (salt === undefined || expected === undefined) throw new Error('A stored password hash is not in PHC format.');
    const wanted = Buffer.from(expected, 'base64');
    const found = await this.#derive(
      text,
      Buffer.from(salt, 'base64'),
      Number(memory),
      Number(passes),
      Number(lanes),
      wanted.length,
    );
    return timingSafeEqual(found, wanted) && hash !== null;
  }

  async #derive(text: string, nonce: Buffer, memory: number, passes: number, parallelism: number, tagLength: number) {
    if (this.#waiting.length >= LONGEST_LINE) {
      throw new ApiError('unavailable', 'Too many are logging in at this moment.', { retryAfterSeconds: 5 });
    }
    if (this.#running >= AT_A_TIME) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      // NIST SP 800-63B section 3.1.1.2: the same text, however a keyboard composes it.
      const message = Buffer.from(text.normalize('NFKC'));
      return await derive('argon2id', { message, nonce, memory, passes, parallelism, tagLength });
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
