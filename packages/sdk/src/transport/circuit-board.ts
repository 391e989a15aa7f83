import type { Clock } from '../clock.ts';
import { type Outage, PartialOutageError } from '../errors.ts';
import type { ErrorFacts } from '../ordinaut-error.ts';
import type { CircuitState } from '../telemetry/events.ts';

/** What a `Retry-After` opens a circuit for at most, milliseconds: one that is wrong must not shut the client out for days. */
const LONGEST_MS = 600_000;

/** What came of a request that a circuit let through. */
export interface Passage {
  /** The server answered, and what it needs for that works. */
  worked(): void;
  /**
   * @param dependency what does not work, as the server names it; undefined: it does not say.
   * @param retryAfterMs when to ask again, as the server says.
   */
  failed(dependency: string | undefined, retryAfterMs: number | null): void;
  /** Nothing answered. */
  unreachable(): void;
  /** It cannot be said: the request was given up. */
  unknown(): void;
}

interface Circuit {
  readonly affected: Outage;
  failures: number;
  /** Times it was opened without a success between. */
  openings: number;
  /** When a probe may go, by the monotonic clock; null while it is closed. */
  until: number | null;
  /** The last probe, while it is under way. */
  probe: object | null;
}

export interface CircuitRules {
  readonly failures: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export interface BoardOptions {
  readonly host: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Null: circuits are never opened. */
  readonly rules: CircuitRules | null;
  readonly onChange: (affected: Outage, state: CircuitState, retryAfterMs: number) => void;
}

/**
 * The circuits of a client: one for the host, and one for each dependency that its answers name; while none is named, the resource
 * stands for it.
 *
 * closed → (so many failures in a row) → open → (its time is over, one request goes as a probe) → half open → closed, or open for twice
 * as long. A probe without an answer does not hold up the others: another goes each `openMs`.
 */
export class CircuitBoard {
  readonly #options: BoardOptions;
  readonly #circuits = new Map<string | null, Circuit>();
  /** Which dependency a resource has last been refused for. */
  readonly #neededBy = new Map<string, string>();

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  /**
   * Lets a request through.
   *
   * @throws PartialOutageError while a circuit is open.
   */
  enter(resource: string, facts: () => ErrorFacts): Passage {
    const { clock, rules } = this.#options;
    const circuits = [null, this.#dependencyOf(resource)].flatMap((key) => this.#circuits.get(key) ?? []);
    for (const circuit of circuits) this.#refuseWhileOpen(circuit, facts);
    const probed = circuits.filter(({ until }) => until !== null);
    const probe = {};
    for (const circuit of probed) {
      circuit.probe = probe;
      circuit.until = clock.monotonic() + (rules?.openMs ?? 0);
      this.#options.onChange(circuit.affected, 'half_open', 0);
    }
    const end = () => {
      for (const circuit of probed) {
        // A later probe decides for itself.
        if (circuit.probe !== probe) continue;
        circuit.probe = null;
        circuit.until = clock.monotonic();
      }
    };
    return {
      worked: () => {
        end();
        this.#close(null);
        this.#close(this.#dependencyOf(resource));
        this.#neededBy.delete(resource);
      },
      failed: (dependency, retryAfterMs) => {
        end();
        this.#close(null);
        if (dependency !== undefined) this.#neededBy.set(resource, dependency);
        const failed = this.#dependencyOf(resource);
        // The server says that it is something else now: nobody would ask for the other one again.
        for (const { affected } of probed) if (affected.dependency !== failed) this.#close(affected.dependency);
        this.#count(failed, retryAfterMs);
      },
      unreachable: () => {
        end();
        this.#count(null, null);
      },
      unknown: end,
    };
  }

  affectedBy(resource: string): Outage {
    return { host: this.#options.host, dependency: this.#dependencyOf(resource) };
  }

  states(): (Outage & { state: CircuitState; failures: number; retryAfterMs: number })[] {
    return [...this.#circuits.values()].map(({ affected, failures, until, probe }) => ({
      ...affected,
      state: until === null ? 'closed' : probe === null ? 'open' : 'half_open',
      failures,
      retryAfterMs: until === null ? 0 : this.#untilMs(until),
    }));
  }

  #dependencyOf(resource: string): string {
    return this.#neededBy.get(resource) ?? resource;
  }

  #untilMs(until: number): number {
    return Math.max(0, Math.ceil(until - this.#options.clock.monotonic()));
  }

  #refuseWhileOpen({ affected, until, failures }: Circuit, facts: () => ErrorFacts): void {
    if (until === null) return;
    const retryAfterMs = this.#untilMs(until);
    if (retryAfterMs === 0) return;
    const what = affected.dependency === null ? affected.host : `"${affected.dependency}" of ${affected.host}`;
    const known = facts();
    throw new PartialOutageError(
      `${known.attempts?.length ? 'Not sent again' : 'Nothing was sent'}: ${what} failed ${failures} times in a row, and is asked again in ${retryAfterMs} ms.`,
      { ...known, affected, retryable: true, retryAfterMs },
    );
  }

  #count(dependency: string | null, retryAfterMs: number | null): void {
    const { rules, clock, random, host } = this.#options;
    if (rules === null) return;
    let circuit = this.#circuits.get(dependency);
    if (circuit === undefined) {
      circuit = { affected: { host, dependency }, failures: 0, openings: 0, until: null, probe: null };
      this.#circuits.set(dependency, circuit);
    }
    circuit.failures += 1;
    // What was under way when it opened counts as a failure, but opens it no longer.
    const isOver = circuit.until === null || this.#untilMs(circuit.until) === 0;
    if (circuit.failures < rules.failures || !isOver) return;
    const ms = Math.min(rules.openMs * 2 ** circuit.openings, rules.maxOpenMs);
    circuit.openings += 1;
    // Half of it is random, so that the probes of many clients do not come together.
    const openMs = Math.max(Math.min(retryAfterMs ?? 0, LONGEST_MS), ms / 2 + (random() * ms) / 2);
    circuit.until = clock.monotonic() + openMs;
    this.#options.onChange(circuit.affected, 'open', Math.ceil(openMs));
  }

  #close(dependency: string | null): void {
    const circuit = this.#circuits.get(dependency);
    if (circuit === undefined) return;
    this.#circuits.delete(dependency);
    if (circuit.until !== null) this.#options.onChange(circuit.affected, 'closed', 0);
  }
}
