import type { Json } from './schema-arbitrary.ts';

/** What begins with `doomed` is for requests that make an end of it. */
export type Kind =
  | 'task'
  | 'doomedtask'
  | 'run'
  | 'waitingrun'
  | 'failedrun'
  | 'approval'
  | 'doomedapproval'
  | 'agent'
  | 'doomedagent'
  | 'user'
  | 'doomeduser'
  | 'key'
  | 'tool'
  | 'extension'
  | 'refresh'
  | 'agentrefresh'
  | 'doomedrefresh'
  | 'secret'
  | 'alert'
  | 'entry'
  | 'handler'
  | 'dynamichandler'
  | 'doomedhandler'
  | 'handlerevent';

/**
 * What there is on the server under attack, so that generated requests meet something. A request names it by a mark such as
 * `@task:7`, which is filled in when it is sent: so what is generated depends on the seed alone.
 */
export class KnownThings {
  readonly #names = new Map<Kind, string[]>();

  /** Remembers a name; of a kind at most 200, of which the oldest stay. */
  add(kind: Kind, ...names: readonly string[]): void {
    const known = this.#names.get(kind) ?? [];
    this.#names.set(kind, [...known, ...names].slice(0, 200));
  }

  /** The same value with every mark filled in. */
  fill<Value>(value: Value): Value {
    return this.#filled(value as Json) as Value;
  }

  #filled(value: Json): Json {
    if (typeof value === 'string') return this.#named(value);
    if (Array.isArray(value)) return value.map((each) => this.#filled(each));
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.#filled(member)]));
  }

  #named(text: string): string {
    const [, kind, number] = /^@([a-z]+):(\d+)$/.exec(text) ?? [];
    const known = this.#names.get(kind as Kind);
    return known === undefined || known.length === 0 ? text : known[Number(number) % known.length]!;
  }
}
