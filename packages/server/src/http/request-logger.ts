import type { FastifyBaseLogger } from 'fastify';
import type { Logger } from '../kernel/logger.ts';

type Bindings = Readonly<Record<string, unknown>>;
type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/**
 * The logger of one request. Most requests log nothing: so the child that carries the request id, which takes 2 µs to make, is
 * made when the first line is written.
 */
class RequestLogger {
  readonly #parent: Logger;
  readonly #bindings: Bindings;
  #child: FastifyBaseLogger | null = null;

  constructor(parent: Logger, bindings: Bindings) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  get level(): string {
    return this.#parent.level;
  }

  child(bindings: Bindings): FastifyBaseLogger {
    return this.#own.child(bindings);
  }

  get #own(): FastifyBaseLogger {
    this.#child ??= this.#parent.child(this.#bindings);
    return this.#child;
  }

  fatal(...line: unknown[]) {
    this.#write('fatal', line);
  }
  error(...line: unknown[]) {
    this.#write('error', line);
  }
  warn(...line: unknown[]) {
    this.#write('warn', line);
  }
  info(...line: unknown[]) {
    this.#write('info', line);
  }
  debug(...line: unknown[]) {
    this.#write('debug', line);
  }
  trace(...line: unknown[]) {
    this.#write('trace', line);
  }
  silent() {}

  #write(level: Level, line: unknown[]): void {
    if (!this.#parent.isLevelEnabled(level)) return;
    const logger = this.#own;
    (logger[level] as (...line: unknown[]) => void).apply(logger, line);
  }
}

/**
 * The same logger, with children that are made when they are used: for Fastify's option `loggerInstance`. With its option
 * `childLoggerFactory` Fastify would look at each child whether it is a logger.
 */
export const withRequestLoggers = (logger: Logger): FastifyBaseLogger =>
  // pino makes its own children by inheritance too.
  Object.create(logger, { child: { value: (bindings: Bindings) => new RequestLogger(logger, bindings) } });
