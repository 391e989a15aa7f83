import type { IncomingMessage } from 'node:http';

/** Gives access tokens to whoever asks, and knows which count. */
export class TokenDoor {
  #logins = 0;
  #given = 0;
  readonly #valid = new Set<string>();

  get logins(): number {
    return this.#logins;
  }

  logIn(): object {
    this.#logins += 1;
    this.#given += 1;
    const token = `token-${this.#given}`;
    this.#valid.add(token);
    return {
      access_token: token,
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: `refresh-${this.#given}`,
      refresh_expires_in: 86_400,
      server_time: new Date().toISOString(),
      scopes: [],
      scope: '',
    };
  }

  knows({ headers }: IncomingMessage): boolean {
    const bearer = headers.authorization?.replace(/^Bearer /, '') ?? '';
    // That of Signature Version 4, whose authorization is a signature.
    return this.#valid.has(String(headers['x-amz-security-token'] ?? bearer));
  }

  /** Ends every session: no token counts any more. Logins are counted from here on. */
  revoke(): void {
    this.#valid.clear();
    this.#logins = 0;
  }
}
