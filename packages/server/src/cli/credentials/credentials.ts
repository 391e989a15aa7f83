/** What the command line shows a server, to say whose it is. */
export interface Credentials {
  /** The token or API key; null: there is none. */
  token(): Promise<string | null>;
  /**
   * Looks for another one in place of one that the server refused.
   *
   * @returns whether it makes sense to ask again with what `token` gives then.
   */
  renew(refused: string): Promise<boolean>;
  /**
   * What is wrong with what was shown, for a person, where the server refuses it for good.
   *
   * @param reason the sentence of the server.
   * @returns null where nothing was shown.
   */
  complaint(reason: string): string | null;
}
