import type { WebSocket } from '@fastify/websocket';
import type { EventMap, ToolInfo, Topic } from '@ordinaut/contract';
import type { FastifyInstance } from 'fastify';
import type { Capability } from './capability.ts';

export type { EventMap, ToolInfo, Topic } from '@ordinaut/contract';
export type { FastifyReply, FastifyRequest } from 'fastify';
export type { WebSocket };

/** A value that survives `JSON.stringify` and `JSON.parse`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Who the extension is. */
export interface ExtensionInfo {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Absolute path of the folder with the manifest. */
  readonly directory: string;
  /** Which activation this is, from 1; a reload makes the next. */
  readonly generation: number;
  readonly capabilities: readonly Capability[];
}

/** Writes to the log of the server, marked with the extension. Levels as usual; fields first, then the sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  debug(message: string): void;
  info(fields: object, message: string): void;
  info(message: string): void;
  warn(fields: object, message: string): void;
  warn(message: string): void;
  error(fields: object, message: string): void;
  error(message: string): void;
}

/** Takes away one thing that was made through `ctx`; a second call does nothing. */
export type Undo = () => Promise<void>;

/** What an extension says of its health. */
export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** State of each part, for example `{ database: 'healthy' }`. */
  readonly checks?: Readonly<Record<string, string>>;
}

/** Anything that can be closed: sockets, servers, connections. */
export type Closable =
  | { destroy(): unknown }
  | { close(): unknown }
  | { [Symbol.dispose](): void }
  | { [Symbol.asyncDispose](): PromiseLike<void> };

/** What every extension has. */
export interface BaseContext {
  /** Its id, version, folder and capabilities. */
  readonly info: ExtensionInfo;
  /** The configuration the operator has given, checked against `config` of the manifest, with its defaults; frozen. */
  // biome-ignore lint/suspicious/noExplicitAny: the host has checked it against the schema of the manifest
  readonly config: Readonly<Record<string, any>>;
  /** Writes to the log of the server. */
  readonly logger: Logger;
  /** Aborted when the extension is stopped or replaced. */
  readonly signal: AbortSignal;
  /** Counters, gauges and histograms of its own. */
  readonly metrics: Metrics;
  /** Whether a capability is granted. */
  has(capability: Capability): boolean;
  /** Runs when the extension is stopped, the last first, before what was made earlier is undone. */
  onDispose(undo: () => unknown): void;
  /** Closes a socket, server or connection when the extension is stopped, and names the extension where it fails. */
  own<Resource extends Closable>(resource: Resource, label?: string): Resource;
  /** As the global one, and cleared when the extension is stopped. A `run` that throws is counted on the extension. */
  setTimeout(run: () => unknown, ms: number): Undo;
  /** As the global one, and cleared when the extension is stopped. */
  setInterval(run: () => unknown, ms: number): Undo;
}

/** Counters of the extension, shown by the metrics endpoint as `ext_<id>_<name>`. */
export interface Metrics {
  /** Only goes up. */
  counter(name: string, options: MetricOptions): { inc(labels?: Labels, by?: number): void };
  /** Goes up and down. */
  gauge(name: string, options: MetricOptions): { set(value: number, labels?: Labels): void };
  /** Counts observations in buckets; the default buckets are for seconds. */
  histogram(
    name: string,
    options: MetricOptions & { buckets?: readonly number[] },
  ): { observe(value: number, labels?: Labels): void };
  /** All metrics of this process in the Prometheus text format 0.0.4. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}
export interface MetricOptions {
  /** One sentence for `# HELP`. */
  readonly help: string;
  readonly labels?: readonly string[];
}
export type Labels = Readonly<Record<string, string | number>>;

/** Who has sent a request, as `request.caller` of a route tells. The server has let them in already. */
export interface RequestCaller {
  /** Name of the user or agent; null where nobody is known. */
  readonly principal: string | null;
  readonly kind: 'user' | 'agent' | null;
  readonly scopes: readonly string[];
  /** Whether they may do something, for routes that ask for more than the extension as a whole. */
  has(scope: string): boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. */
    readonly caller: RequestCaller;
  }
}

/** Capability `ROUTES`: a Fastify instance whose `/` is `/ext/{id}/`. Plugins, hooks, schemas and `{ websocket: true }` work. */
export type Routes = FastifyInstance;

/** Capability `TOOLS`. */
export interface Tools {
  /**
   * Puts code behind a tool of the manifest; it is published as `ext.<id>.<name>`. Input and output are checked against the
   * schemas of the manifest. A `RequestError` that it throws reaches the caller as it stands.
   *
   * @throws Error for a name that the manifest does not declare.
   */
  register(name: string, handler: ToolHandler): Undo;
  /** Every tool of the server; while a request is answered, those that its caller may call. */
  list(): Promise<readonly ToolInfo[]>;
  /** The tool with this full name, or null. */
  get(name: string): Promise<ToolInfo | null>;
  /**
   * Calls a tool by its full name and gives its output. While a request is answered it is called in the name of its caller, who
   * needs the scopes of the tool, or `tools:call` for one that names none.
   *
   * @throws RequestError with what went wrong: `not_found`, `forbidden`, `bad_request` with the fields, and so on.
   */
  call(name: string, input?: Readonly<Record<string, unknown>>, options?: ToolCallOptions): Promise<unknown>;
}
// biome-ignore lint/suspicious/noExplicitAny: the host has checked the input against the schema of the manifest
export type ToolHandler = (input: any, call: ToolCall) => unknown;
export interface ToolCall {
  /** Aborted when the call is canceled or has used up its time. */
  readonly signal: AbortSignal;
  /** The same for every repetition of the same call. */
  readonly idempotencyKey: string;
  /** Who asked; null where nobody is authenticated. */
  readonly principal: string | null;
  readonly logger: Logger;
  /** Says how far the tool has come, for a person. */
  progress(note: string): void;
}
/**
 * In whose name an extension asks something of the server. `caller`: of whoever's request or call of a tool it is answering, with their
 * scopes; where there is none, as `extension`: with everything the extension may do itself. Default: `caller`.
 */
export interface ActingAs {
  readonly as?: 'caller' | 'extension';
}

export interface ToolCallOptions extends ActingAs {
  readonly signal?: AbortSignal;
  /** Milliseconds; default 30,000. */
  readonly timeoutMs?: number;
}

/** One event as subscribers get it. */
export interface StreamEvent<Data = unknown> {
  /** Rises strictly within its stream: `<milliseconds>-<number>`. */
  readonly id: string;
  /** Key of the stream: `core`, or `ext:<id>:events:<topic>`. */
  readonly stream: string;
  readonly topic: string;
  readonly data: Data;
  /** Who published it: `core`, `api`, `ext.<id>`, or the id of an agent. */
  readonly source: string | null;
  /** UUIDv7; the same when an event is delivered again. */
  readonly eventId: string;
  /** Instant, ISO 8601. */
  readonly publishedAt: string;
  /** Runs started by events that led to it; absent: none. What its handler publishes counts on from there, so that loops end. */
  readonly chain?: number;
}

/** Where a reader has missed events: those after `after` are no longer kept. */
export interface Gap {
  readonly gap: true;
  readonly after: string;
  /** The oldest event that is kept; null where there is none. */
  readonly oldest: string | null;
}

/** Capability `EVENTS_PUB`, within `contributes.events.publish`. */
export interface EventPublisher {
  /**
   * Publishes an event on the stream `ext:<id>:events:<topic>`. It is stored when the promise resolves.
   *
   * @param data anything JSON can hold, at most 256 KiB.
   * @returns the id of the event.
   * @throws RequestError `forbidden` for a topic that the manifest does not declare, and where whoever it is done for lacks
   *   `events:publish`; `bad_request` for one that is none or that the
   *   server alone publishes: those under `run.`, `task.`, `approval.`, `alert.`, `handler.` and `extension.`
   */
  publish(topic: string, data: Json, options?: ActingAs): Promise<string>;
}

/** Capability `EVENTS_SUB`, within `contributes.events.subscribe`. */
export interface EventReader {
  /**
   * Calls `handler` for each event whose topic matches: of the core, of this and of other extensions. On several processes each
   * event is handled by one of them, in order, at least once. A handler that throws gets the event again; after five failures
   * it goes to the dead letters. Events that come while the extension is not loaded load it.
   */
  subscribe<T extends Topic>(pattern: T, handler: (event: StreamEvent<EventMap[T]>) => unknown): Promise<Undo>;
  subscribe(pattern: string, handler: (event: StreamEvent) => unknown): Promise<Undo>;
  /** Ends the subscriptions with this pattern. */
  unsubscribe(pattern: string): Promise<void>;
  /**
   * Every event from now on, or after an id, for live views; each reader sees all of them.
   *
   * @param topic a topic of this extension's own streams, which it may follow where it may publish or subscribe to it; with
   *   `from: 'core'` a pattern over the events of the core.
   * @param options.after id of the last event that was seen; null or absent: from now on.
   * @returns the events, with a `Gap` first where `after` is no longer kept; it ends without an error when the signal is aborted.
   * @throws RequestError `forbidden` for a topic that the manifest does not declare, and where whoever it is done for lacks
   *   `events:read`, or the scope for what the topic is of: `alerts:read`, `approvals:read`, `handlers:read`; those are left out of
   *   what a wider pattern gives them.
   */
  follow(topic: string, options: FollowOptions): AsyncIterable<StreamEvent | Gap>;
}
export interface FollowOptions extends ActingAs {
  readonly from?: 'own' | 'core';
  readonly after?: string | null;
  readonly signal: AbortSignal;
}

/** Capability `BACKGROUND_TASKS`. */
export interface Background {
  /**
   * Starts supervised work. Without a period it runs once and is restarted with a growing delay (1 s to 60 s) when it throws;
   * with one it runs at each period and never twice at a time.
   *
   * @throws Error when a task of this name runs.
   */
  start(name: string, run: (signal: AbortSignal) => unknown, options?: BackgroundOptions): Undo;
  /** Aborts the signal of the work and waits for its end, at most 10 s. */
  stop(name: string): Promise<void>;
  /** Everything that was started and not stopped. */
  list(): readonly BackgroundTask[];
}
export interface BackgroundOptions {
  /** Milliseconds between the end of a run and the next. */
  readonly every?: number;
  /** Cron expression of 5 or 6 fields. */
  readonly cron?: string;
  /** IANA zone of `cron`; default `UTC`. */
  readonly timezone?: string;
}
export interface BackgroundTask {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'completed';
  readonly runs: number;
  readonly failures: number;
  readonly lastError: string | null;
}

interface Parts {
  ROUTES: { readonly routes: Routes };
  TOOLS: { readonly tools: Tools };
  EVENTS_PUB: { readonly events: EventPublisher };
  EVENTS_SUB: { readonly events: EventReader };
  BACKGROUND_TASKS: { readonly background: Background };
  // Static files need no code: the folders of the manifest are served as they are.
  STATIC: object;
}

type Intersect<Union> = (Union extends unknown ? (part: Union) => void : never) extends (part: infer All) => void
  ? All
  : never;

/** What `setup` gets: the base, and a part for each capability that is granted. Using another one throws `CapabilityError`. */
export type Context<Granted extends Capability = Capability> = BaseContext & Intersect<Parts[Granted]>;
