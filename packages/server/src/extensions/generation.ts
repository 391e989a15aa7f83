import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HealthReport, Running, ToolHandler } from '@ordinaut/kit';
import type { FastifyInstance } from 'fastify';
import type { Compiled } from '../code/compile.ts';
import { mapStack } from '../code/map-stack.ts';
import { type Behalf, behalfOf, type Culprit, runAs } from '../containment/attribution.ts';
import type { StreamEvent } from '../events/streams.ts';
import type { Caller } from '../identity/caller.ts';
import { afterAbort } from '../kernel/after-abort.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import { Bulkhead } from './containment/bulkhead.ts';
import { readHealth } from './context/health.ts';
import type { Topics } from './context/topics.ts';
import { type Effect, type Ledger, toSentence } from './ledger.ts';
import type { ResolvedManifest } from './manifest/resolved-manifest.ts';

/** How long streams may take to end when they are told to. */
const STREAM_END_MS = 1_000;
const SHUTDOWN_MS = 10_000;
/** RFC 6455 section 7.4.1: the service restarts; the client may come back. */
const SERVICE_RESTART = 1012;

export interface GenerationParts {
  readonly number: number;
  readonly manifest: ResolvedManifest;
  readonly ledger: Ledger;
  readonly stop: AbortController;
  /** Null without routes and static files. */
  readonly app: FastifyInstance | null;
  readonly tools: ReadonlyMap<string, ToolHandler>;
  readonly topics: Topics;
  readonly running: Running;
  readonly shutdown: (() => unknown) | undefined;
  readonly culprit: Culprit;
  readonly compiled: Compiled;
  /** How long compiling, loading and `setup` took. */
  readonly setupMs: number;
  readonly logger: Logger;
  /** How long requests under way may take once it is stopped or another generation answers, in milliseconds. */
  readonly drainMs: number;
}

/** One activation of an extension's code: what it has made, the requests it is answering, and its end. */
export class Generation {
  readonly number: number;
  readonly manifest: ResolvedManifest;
  readonly setupMs: number;
  readonly #parts: GenerationParts;
  readonly #responses = new Set<ServerResponse | Socket>();
  readonly #bulkhead: Bulkhead;
  #calls = 0;
  #idle: (() => void) | null = null;
  #ending: Promise<void> | null = null;

  constructor(parts: GenerationParts) {
    this.number = parts.number;
    this.manifest = parts.manifest;
    this.setupMs = parts.setupMs;
    this.#parts = parts;
    const { id, limits } = parts.manifest;
    this.#bulkhead = new Bulkhead(id, limits.concurrency, () => this.#working(limits.concurrency));
  }

  get app(): FastifyInstance | null {
    return this.#parts.app;
  }

  /** Whether a file name in a stack is that of this code. */
  owns(file: string): boolean {
    return file.includes(this.#parts.compiled.file);
  }

  /** A stack, or a line of one, with the author's files and lines. */
  localize(stack: string): string {
    return mapStack(stack, this.#parts.compiled);
  }

  /** The same error with the author's files and lines in its stack. */
  localized(error: unknown): unknown {
    // Not by assignment: that throws where the error is frozen.
    if (error instanceof Error && typeof error.stack === 'string')
      Reflect.set(error, 'stack', this.localize(error.stack));
    return error;
  }

  /** Requests, streams, WebSockets and calls that are under way. */
  get busy(): number {
    return this.#responses.size + this.#calls;
  }

  get effects(): Effect[] {
    return this.#parts.ledger.list();
  }

  /** Whether it takes nobody in any more. */
  get ended(): boolean {
    return this.#ending !== null;
  }

  tool(name: string): ToolHandler | null {
    return this.#parts.tools.get(name) ?? null;
  }

  health(): Promise<HealthReport> {
    const { running, culprit } = this.#parts;
    const { health } = running;
    return runAs(culprit, () => readHealth(health && (() => health.call(running))));
  }

  /** Whether one more request may begin now, of those that the manifest allows at a time. Streams and WebSockets do not count. */
  get hasPlace(): boolean {
    return this.#bulkhead.hasPlace;
  }

  /**
   * Waits for a place, and calls `goIn` with it.
   *
   * @returns false: the generation ends, and `goIn` was not called.
   * @throws ApiError `unavailable`
   */
  enter(goIn: () => void): Promise<boolean> {
    return this.#bulkhead.enter(goIn);
  }

  /**
   * Runs code of the extension, perhaps in somebody's name; the generation is not disposed of before its end.
   *
   * @param chain of the event that it handles; default 0.
   */
  async call<Result>(work: () => Result, behalf: Behalf | null = null, chain = 0): Promise<Awaited<Result>> {
    this.#calls += 1;
    try {
      return await runAs(this.#parts.culprit, work, behalf, chain);
    } finally {
      this.#calls -= 1;
      this.#left();
    }
  }

  /** Hands an event to the handlers of a pattern of the manifest. Those that do not end do not hold up the end of a subscription. */
  deliver(declared: string, event: StreamEvent, signal: AbortSignal): Promise<void> {
    return afterAbort(
      signal,
      this.call(() => this.#parts.topics.deliver(declared, event), null, event.chain),
    );
  }

  /** The same for what is written to a response or socket: it is under way until that closes. */
  serve(response: ServerResponse | Socket, caller: Caller, work: () => void): void {
    this.#responses.add(response);
    // It comes once; `once` would make a listener more for each request.
    response.on('close', () => {
      this.#responses.delete(response);
      this.#left();
    });
    runAs(this.#parts.culprit, work, behalfOf(caller));
  }

  /** Lets what is under way finish, then undoes everything. A second call waits for the first. */
  end(): Promise<void> {
    // What the extension does when it is told to end is its own doing, too.
    this.#ending ??= runAs(this.#parts.culprit, () => this.#end());
    return this.#ending;
  }

  async #end(): Promise<void> {
    const { stop, shutdown, ledger, culprit, logger, app } = this.#parts;
    this.#bulkhead.open();
    for (const client of app?.websocketServer?.clients ?? [])
      client.close(SERVICE_RESTART, 'The extension is replaced.');
    await this.#until(() => this.#calls === 0 && [...this.#responses].every(isStream), this.#parts.drainMs);
    stop.abort(new Error('The extension is stopped or replaced.'));
    await this.#until(() => this.busy === 0, STREAM_END_MS);
    for (const response of this.#responses) response.destroy();
    if (shutdown) {
      await runAs(culprit, () => within(SHUTDOWN_MS, shutdown, 'shutdown() did not end')).catch((error: unknown) =>
        logger.error({ err: error }, 'shutdown of an extension failed; what it has made is undone all the same'),
      );
    }
    for (const failure of await ledger.undoAll())
      logger.error({ err: failure.error }, `an effect of an extension could not be undone: ${toSentence(failure)}`);
  }

  /** Resolves when `done` is true, looked at whenever something ends, or after `ms`. */
  async #until(done: () => boolean, ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (!done() && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        // A response can become a stream without any event of it.
        const timer = setTimeout(resolve, Math.min(20, Math.max(1, deadline - performance.now())));
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#idle = null;
  }

  #left(): void {
    this.#idle?.();
    this.#bulkhead.left();
  }

  /** Requests that are not streams. Looking which is which costs something, and is needed only where there are many. */
  #working(limit: number): number {
    if (this.#responses.size < limit) return this.#responses.size;
    return [...this.#responses].filter((response) => !isStream(response)).length;
  }
}

/** Whether it goes on until somebody ends it: an event stream, or the socket of a WebSocket. */
const isStream = (response: ServerResponse | Socket): boolean =>
  !('getHeader' in response) || String(response.getHeader('content-type') ?? '').startsWith('text/event-stream');
