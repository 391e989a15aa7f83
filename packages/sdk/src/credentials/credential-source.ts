/** What is shown to the server with a request. */
export interface Grant {
  readonly header: 'authorization' | 'x-api-key';
  readonly value: string;
  /** The token itself: what a 401 is about. */
  readonly token: string;
}

/** Where credentials come from. */
export interface CredentialSource {
  /** What to show now; null: nothing. */
  current(): Promise<Grant | null>;
  /**
   * Is told that the server refused this grant, and looks for another.
   *
   * @returns whether it makes sense to ask again with what `current` gives then.
   */
  refused(grant: Grant): Promise<boolean>;
}

export const bearer = (token: string): Grant => ({ header: 'authorization', value: `Bearer ${token}`, token });
