/** A row of the table of operations. */
export interface OperationEntry {
  /** The method that calls it: `<resource>.<method>` of the client. Default: the id in camel case. */
  readonly on?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `{name}` for parameters. */
  readonly path: string;
  /**
   * Whether it may be sent again when it is not known whether it arrived: `safe` and `idempotent` may, `keyed` may with the same
   * `Idempotency-Key`, `single` may not.
   */
  readonly repeat: 'safe' | 'idempotent' | 'keyed' | 'single';
  /** Everybody may call it: no credentials are sent. */
  readonly open?: true;
  readonly body?: true;
  /** Bytes are sent as they are; everything else as JSON. */
  readonly anyBody?: true;
  readonly query?: true;
  /** The answer is a stream of server-sent events. */
  readonly stream?: true;
  /** The answer is a list, or a page of one. */
  readonly list?: true;
}

/** The method of the client that calls an operation: `tasks.runNow` for `tasks.run_now`. */
export const placeOf = (id: string, { on }: OperationEntry): string =>
  on ?? id.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
