import type { EventMap, Topic } from '@ordinaut/contract';
import type { Json, Logger, StreamEvent, Undo } from '../context.ts';

/** What a plugin is made with. */
export interface PluginApp {
  /** Name of the plugin: its file without the extension. */
  readonly name: string;
  /** What the operator has set for it in `ORDINAUT_PLUGIN_CONFIG`; frozen, empty by default. */
  // biome-ignore lint/suspicious/noExplicitAny: only the plugin knows its shape
  readonly config: Readonly<Record<string, any>>;
  /** Writes to the log of the server, marked with the plugin. */
  readonly logger: Logger;
  readonly events: PluginEvents;
  /** The HTTP client of the server, which reuses its connections. */
  readonly http: PluginHttp;
  /** Aborted when the server stops, before `close()`. */
  readonly signal: AbortSignal;
  /**
   * Another plugin that is active, by the name of its class, or of its file where that has one class; null where there is none.
   * Those before it in the setting are there in `initialize()`, all of them in `start()`.
   */
  plugin<Plugin extends object = object>(name: string): Plugin | null;
}

/** Events of the server. */
export interface PluginEvents {
  /**
   * Publishes an event. It is stored when the promise resolves.
   *
   * @param data anything JSON can hold, at most 256 KiB.
   * @returns the id of the event.
   * @throws RequestError `bad_request` for a topic that is none or that the server alone publishes; `payload_too_large`;
   *   `unavailable` while events cannot be stored.
   */
  publish(topic: string, data: Json): Promise<string>;
  /**
   * Calls `handler` for each event whose topic matches. On several processes each event is handled by one of them, in order, at
   * least once. A handler that throws gets the event again; after five failures it goes to the dead letters.
   */
  subscribe<T extends Topic>(pattern: T, handler: (event: StreamEvent<EventMap[T]>) => unknown): Promise<Undo>;
  subscribe(pattern: string, handler: (event: StreamEvent) => unknown): Promise<Undo>;
}

export interface PluginHttp {
  /**
   * Sends a request and reads the answer, whatever its status. Private addresses are reached where `ORDINAUT_HTTP_ALLOW` allows it.
   *
   * @throws Error that says why there is no answer; its `code` is `permission_denied`, `network_error`, `step_timeout`, and so on.
   */
  request(url: string, options?: PluginHttpRequest): Promise<PluginHttpResponse>;
}

export interface PluginHttpRequest {
  /** Default: `GET`, with a body `POST`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, with its content type. */
  readonly json?: unknown;
  /** Sent as it is; not together with `json`. */
  readonly body?: string | Uint8Array;
  /** For everything up to the last byte, milliseconds. Default: 8,000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface PluginHttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  text(): string;
  /** @throws SyntaxError where the answer is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what the other side answers
  json(): any;
}
