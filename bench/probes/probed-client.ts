/** What a call is given; nothing: the defaults of its client. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What a client is given; nothing: its defaults. */
export interface ClientSettings {
  /** A limit for a call in milliseconds, by the option that the client has for it. */
  readonly deadlineMs?: number;
  /** Milliseconds without a word after which a stream is taken for dead, where the client has an option for it. */
  readonly silenceMs?: number;
  /** For ours: no circuit is ever opened, so that the retry budget is seen alone. */
  readonly withoutCircuit?: boolean;
}

/** A client as the probes use it. */
export interface ProbedClient {
  /** Sends a GET and gives what its JSON says. */
  get(options?: CallOptions): Promise<unknown>;
  /** Sends a POST that may be done once only; `keyed`: with what the client has to make that sure. Absent: it is not probed. */
  post?(keyed: boolean): Promise<unknown>;
  /** The events of a stream. Absent: the client has none. */
  stream?(): AsyncIterable<unknown>;
}

/** How a client is made, with its defaults where nothing else is said. */
export interface ClientKind {
  connect(url: string, settings: ClientSettings): ProbedClient;
  /** One that has logged in by `POST /auth/token`, and does so again as its documentation says. Absent: it has no way to. */
  connectWithLogin?(url: string, settings: ClientSettings): Promise<ProbedClient>;
}
