import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import { type ExchangeRequest, pathOf } from './exchange.ts';
import { findOperation, withoutPrefix } from './find-operation.ts';

/** Something that goes wrong. Without `operation`, `method` and `path` it happens to the next request, whatever that is. */
export interface Fault {
  readonly operation?: OperationId | readonly OperationId[];
  readonly method?: Operation['method'];
  /** A path, without its query and without `/api/v1`. */
  readonly path?: string | RegExp;
  /** How often it happens. Default: 1. `Infinity`: until it is removed. */
  readonly times?: number;
  /** How many requests that it fits go by unharmed first. Default: 0. */
  readonly skip?: number;

  /** Answers this status with the error body that goes with it. */
  readonly status?: number;
  /** `Retry-After` of that answer: seconds, or any text. Default: none. */
  readonly retryAfter?: number | string;
  /** `details` of that answer. */
  readonly details?: Record<string, unknown>;
  /** Waits so long before anything else, in milliseconds. */
  readonly delayMs?: number;
  /** Ends the connection without an answer. */
  readonly reset?: boolean;
  /** Never answers. */
  readonly hang?: boolean;
  /** Sends the headers and half of the body, and then nothing. */
  readonly stallBody?: boolean;
  /** Ends the body in the middle, so that it is no JSON. */
  readonly malformedJson?: boolean;
  /** Every access token that was given out, or was seen, counts for nothing from this request on. */
  readonly expireTokens?: boolean;
  /** With `status`, `reset` or `hang`: what was asked for is done all the same; only its answer is lost. */
  readonly processed?: boolean;
  /** Of a stream: lets so many events through, and then ends it. */
  readonly cut?: {
    /** Heartbeats do not count. Default: 0. */
    readonly afterEvents?: number;
    /** `close`: as if all were well; `reset`: with the connection; `silence`: it stays open, and nothing comes any more. */
    readonly by: 'close' | 'reset' | 'silence';
  };
}

/** A fault that waits for its requests. */
export interface ArmedFault {
  /** How often it has happened. */
  readonly hits: number;
  /** Lets it happen no more. */
  remove(): void;
}

const effects = [
  'status',
  'delayMs',
  'reset',
  'hang',
  'stallBody',
  'malformedJson',
  'expireTokens',
  'cut',
] as const satisfies readonly (keyof Fault)[];
const answers = ['status', 'reset', 'hang', 'stallBody', 'malformedJson', 'cut'] as const;

/** What is going to go wrong, in front of an in-memory server or of a real one. */
export class Faults {
  readonly #armed: { fault: Fault; hits: number; passed: number }[] = [];

  /**
   * Lets something go wrong, once or several times. Of several that fit a request, the one that was armed first happens.
   *
   * @example faults.next({ operation: 'tasks.create', status: 503, retryAfter: 2, times: 3 })
   * @throws TypeError for a fault that does nothing, contradicts itself, or names no operation that there is.
   */
  next(fault: Fault): ArmedFault {
    assertSound(fault);
    const armed = { fault, hits: 0, passed: 0 };
    this.#armed.push(armed);
    return {
      get hits() {
        return armed.hits;
      },
      remove: () => {
        const at = this.#armed.indexOf(armed);
        if (at !== -1) this.#armed.splice(at, 1);
      },
    };
  }

  /** Lets nothing go wrong any more. */
  clear(): void {
    this.#armed.length = 0;
  }

  /** What goes wrong with a request; null: nothing. Counts it. */
  take(request: Pick<ExchangeRequest, 'method' | 'target'>): Fault | null {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (armed.hits >= (fault.times ?? 1) || !fits(fault, request)) continue;
      if (armed.passed < (fault.skip ?? 0)) {
        armed.passed += 1;
        continue;
      }
      armed.hits += 1;
      return fault;
    }
    return null;
  }
}

function fits({ operation, method, path }: Fault, request: Pick<ExchangeRequest, 'method' | 'target'>): boolean {
  if (method !== undefined && method !== request.method) return false;
  const asked = withoutPrefix(pathOf(request));
  if (typeof path === 'string' ? path !== asked : path !== undefined && !path.test(asked)) return false;
  if (operation === undefined) return true;
  const found = findOperation(request.method, asked);
  return [operation].flat().some((id) => id === found?.id);
}

function assertSound(fault: Fault): void {
  const shown = JSON.stringify(fault);
  if (!effects.some((effect) => fault[effect] !== undefined && fault[effect] !== false))
    throw new TypeError(`The fault ${shown} does nothing; give one of ${effects.join(', ')}.`);
  const given = answers.filter((answer) => fault[answer] !== undefined && fault[answer] !== false);
  if (given.length > 1) throw new TypeError(`The fault ${shown} has ${given.join(' and ')}; one answer can have one.`);
  const unknown = [fault.operation ?? []].flat().find((id) => !Object.hasOwn(operations, id));
  if (unknown !== undefined) throw new TypeError(`The fault ${shown} is of ${unknown}; there is no such operation.`);
  if (fault.path instanceof RegExp && fault.path.global)
    throw new TypeError(
      `The pattern ${fault.path} has the flag g, with which it remembers where it stopped; leave it out.`,
    );
  if (fault.status !== undefined && !(fault.status >= 200 && fault.status <= 599))
    throw new TypeError(`The status of a fault is ${fault.status}; it must be from 200 to 599.`);
}
