import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import type { Caller } from '../identity/caller.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';

/** Where an error escaped to. */
export type Escape = 'uncaught_exception' | 'unhandled_rejection';

/** Whose code is running: an extension or a plugin. */
export interface Culprit {
  /** Kind and name, as the log has them: `{ extension: 'weather' }`. */
  readonly mark: Readonly<Record<string, string>>;
  /** Takes an error that nothing caught. */
  escaped(error: unknown, how: Escape): void;
  /** Its code has called `process.exit`; only synchronous work is possible now. */
  exited(): void;
}

/** A host of code that others have written. */
export interface CodeOwner {
  /** Whose files a stack, or a line of one, names; null where it is none of its own. */
  culpritOf(stack: string): Culprit | null;
}

/** In whose name an extension does something: of whoever's request it answers, or has one of its tools called. */
export interface Behalf {
  readonly principal: string | null;
  readonly scopes: readonly string[];
  /** The request; null where a tool is called by a step or by another tool. */
  readonly caller: Caller | null;
}

/** Whose code runs, for whom, and because of what. */
interface Context {
  readonly culprit: Culprit;
  /** Null where the extension does something of its own accord. */
  readonly behalf: Behalf | null;
  /** Runs that led to the event that is being handled; 0 where none is. */
  readonly chain: number;
}

const current = new AsyncLocalStorage<Context>();

/**
 * Runs code of an extension or plugin; whatever it starts, however late, is counted on it.
 *
 * @param behalf in whose name: what it asks of the server in the course of it is asked for by them. Default: null, its own.
 * @param chain of the event that it handles; default 0.
 */
export const runAs = <Result>(culprit: Culprit, work: () => Result, behalf: Behalf | null = null, chain = 0): Result =>
  current.run({ culprit, behalf, chain }, work);

/** The name of whoever has sent a request. */
export const behalfOf = (caller: Caller): Behalf => ({ principal: caller.principal, scopes: caller.scopes, caller });

/**
 * Counts what listens to a WebSocket on an extension. Its events come with the context in which its connection was accepted, which
 * is that of the server, whoever listens to them.
 *
 * @param caller who has opened it.
 * @param onThrow hears that a listener has thrown.
 */
export function listenAs(culprit: Culprit, emitter: EventEmitter, caller: Caller, onThrow: () => void): void {
  const behalf = behalfOf(caller);
  const { emit } = emitter;
  emitter.emit = (...event) => {
    try {
      return current.run({ culprit, behalf, chain: 0 }, () => emit.apply(emitter, event));
    } catch (error) {
      // Further out it would be nobody's again, and leave whoever was reading the connection in the middle of it.
      culprit.escaped(error, 'uncaught_exception');
      onThrow();
      return true;
    }
  };
}

/** Runs code of the server inside a call of an extension. */
export const runAsServer = <Result>(work: () => Result): Result => current.exit(work);

/** Whose code is running; undefined for the server itself. */
export const currentCulprit = (): Culprit | undefined => current.getStore()?.culprit;

/** In whose name the code of an extension is doing something; null: its own. */
export const currentBehalf = (): Behalf | null => current.getStore()?.behalf ?? null;

/** Runs that led to the event that is being handled; what is published in the course of it continues them. 0: none is. */
export const currentChain = (): number => current.getStore()?.chain ?? 0;

/**
 * Catches what extensions and plugins let escape: bare rejections, errors thrown in timers and by sockets. The async context tells whose it
 * is, and where that was lost, the file names of the stack. What is nobody's ends the process, as it would without this.
 */
export class Containment implements Service {
  readonly name = 'containment';
  readonly #logger: Logger;
  readonly #owners: CodeOwner[] = [];
  #running = false;

  constructor(deps: { logger: Logger }) {
    this.#logger = deps.logger;
  }

  /** From now on, what escapes is also looked for among the files of this host. */
  watch(owner: CodeOwner): void {
    this.#owners.push(owner);
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    process
      .on('uncaughtException', this.#onException)
      .on('unhandledRejection', this.#onRejection)
      .on('exit', this.#exit);
  }

  async stop(): Promise<void> {
    this.#running = false;
    process
      .off('uncaughtException', this.#onException)
      .off('unhandledRejection', this.#onRejection)
      .off('exit', this.#exit);
  }

  readonly #onException = (error: unknown) => this.#take(error, 'uncaught_exception');
  readonly #onRejection = (error: unknown) => this.#take(error, 'unhandled_rejection');
  readonly #exit = () => {
    currentCulprit()?.exited();
  };

  #byStack(stack: string): Culprit | null {
    for (const owner of this.#owners) {
      const culprit = owner.culpritOf(stack);
      if (culprit !== null) return culprit;
    }
    return null;
  }

  #take(error: unknown, how: Escape): void {
    const culprit = currentCulprit() ?? this.#byStack(error instanceof Error ? String(error.stack) : '');
    if (culprit) {
      try {
        culprit.escaped(error, how);
      } catch (failure) {
        // What was thrown may itself throw when it is looked at; that ends no process either.
        this.#logger.error({ ...culprit.mark, reason: messageOf(failure) }, 'an error cannot be told');
      }
      return;
    }
    const event = how === 'uncaught_exception' ? 'uncaughtException' : 'unhandledRejection';
    // Somebody who embeds the server has a rule of their own.
    if (process.listenerCount(event) > 1) return;
    this.#logger.fatal({ err: error }, 'an error that nothing caught ends the process');
    process.exit(1);
  }
}
