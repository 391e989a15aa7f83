import { isOrdinautError, type TokenAnswer } from '@ordinaut/sdk';
import { CliError, exitCodes } from '../exit-codes.ts';
import { openClient } from '../open-client.ts';
import type { CredentialFile } from './credential-file.ts';
import type { Credentials } from './credentials.ts';
import { type KeptLogin, keptLoginOf } from './kept-login.ts';

/** A token with less time than this is as good as expired: the request is still to be sent. */
const MARGIN_MS = 10_000;
/** Others wait for it. */
const REFRESH_TIMEOUT_MS = 15_000;

/**
 * The login that `ordinaut login` has kept for a server. Several processes may use it at once: the server ends a session whose
 * refresh token comes twice, so whoever refreshes has the file locked, and looks first whether somebody else was faster.
 *
 *   expired, or refused ──lock──> another token in the file? ──yes──> that one
 *                                        └──no──> refresh ──> keep the new pair
 *                                                    └──refused──> the session is over: forget it
 */
export class KeptSession implements Credentials {
  readonly #url: string;
  readonly #file: CredentialFile;
  /** Undefined: not looked yet. */
  #login: KeptLogin | null | undefined;
  #ended: string | null = null;

  constructor(url: string, file: CredentialFile) {
    this.#url = url;
    this.#file = file;
  }

  async token(): Promise<string | null> {
    if (this.#login === undefined) this.#login = await this.#file.read(this.#url);
    if (this.#login !== null && Date.parse(this.#login.access_expires_at) - MARGIN_MS <= Date.now()) {
      await this.renew(this.#login.access_token);
    }
    return this.#login?.access_token ?? null;
  }

  /** True also where the session is over: a server that nobody has to log in to answers all the same. */
  async renew(refused: string): Promise<boolean> {
    this.#login = await this.#file.change(this.#url, async (present) =>
      present === null || present.access_token !== refused ? present : this.#refresh(present),
    );
    return true;
  }

  complaint(reason: string): string | null {
    const said = this.#ended ?? (this.#login ? reason : null);
    return said === null ? null : `The server said: ${said}`;
  }

  async #refresh({ kind, refresh_token }: KeptLogin): Promise<KeptLogin | null> {
    const { auth } = openClient(this.#url);
    const refresh = kind === 'agent' ? auth.agentRefresh : auth.refresh;
    const askedAt = Date.now();
    let answer: TokenAnswer;
    try {
      answer = await refresh({ refresh_token }, { timeoutMs: REFRESH_TIMEOUT_MS });
    } catch (error) {
      // A 401 of something before the server says nothing about the session.
      const isOver = isOrdinautError(error, 'authentication') && error.body !== null;
      if (!isOver) throw error;
      this.#ended = error.message;
      return null;
    }
    const login = keptLoginOf(kind, answer, askedAt);
    if (login !== null) return login;
    throw new CliError(exitCodes.failed, `${this.#url} answers, but not as Ordinaut does: there are no tokens.`);
  }
}
