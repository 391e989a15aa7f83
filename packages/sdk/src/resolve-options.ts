import { type Clock, systemClock } from './clock.ts';
import { ConfigurationError } from './errors.ts';
import type { CommonOptions, ValidationMode } from './options.ts';
import { readBaseUrl } from './transport/base-url.ts';
import type { CircuitRules } from './transport/circuit-board.ts';
import { VERSION } from './version.ts';

/** The options of a client, checked, with everything that was left out. */
export interface ResolvedOptions {
  readonly base: URL;
  readonly concurrency: number;
  readonly retry: {
    readonly attempts: number;
    readonly baseMs: number;
    readonly maxMs: number;
    readonly maxRetryAfterMs: number;
    readonly budget: number;
    readonly refill: number;
  };
  readonly circuit: CircuitRules | null;
  readonly timeouts: NonNullable<CommonOptions['timeouts']>;
  readonly validation: { readonly requests: ValidationMode; readonly responses: ValidationMode };
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: () => number;
}

const modes: readonly unknown[] = ['strict', 'warn', 'off'];

/** @throws ConfigurationError for the first option that is not as it has to be. */
export function resolveOptions(given: CommonOptions): ResolvedOptions {
  const { retry = {}, validation = {}, timeouts = {} } = given;
  const circuit = given.circuit === false ? null : (given.circuit ?? {});
  for (const [name, times] of Object.entries(timeouts)) {
    for (const [field, ms] of Object.entries(times ?? {})) number(`timeouts["${name}"].${field}`, ms, 0, { min: 1 });
  }
  return {
    base: readBaseUrl(String(given.baseUrl ?? ''), { allowInsecureHttp: given.allowInsecureHttp ?? false }),
    concurrency: number('concurrency', given.concurrency, 50, { min: 1, whole: true }),
    retry: {
      attempts: number('retry.attempts', retry.attempts, 3, { min: 1, whole: true }),
      baseMs: number('retry.baseMs', retry.baseMs, 250),
      maxMs: number('retry.maxMs', retry.maxMs, 8_000),
      maxRetryAfterMs: number('retry.maxRetryAfterMs', retry.maxRetryAfterMs, Number.POSITIVE_INFINITY),
      budget: number('retry.budget', retry.budget, 10),
      refill: number('retry.refill', retry.refill, 0.1),
    },
    circuit: circuit && {
      failures: number('circuit.failures', circuit.failures, 5, { min: 1, whole: true }),
      openMs: number('circuit.openMs', circuit.openMs, 1_000),
      maxOpenMs: number('circuit.maxOpenMs', circuit.maxOpenMs, 30_000),
    },
    timeouts,
    validation: {
      requests: mode('validation.requests', validation.requests, 'strict'),
      responses: mode('validation.responses', validation.responses, 'warn'),
    },
    headers: { ...userAgent(given.userAgent), ...given.headers },
    // Called as a function of nothing: browsers do not let it be a method of something else.
    fetch: given.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: given.clock ?? systemClock,
    random: given.random ?? Math.random,
  };
}

function number(name: string, value: unknown, preset: number, { min = 0, whole = false } = {}): number {
  if (value === undefined) return preset;
  if (typeof value === 'number' && value >= min && (!whole || Number.isInteger(value))) return value;
  throw new ConfigurationError(
    `${name} is ${String(value)}; it has to be a ${whole ? 'whole number' : 'number'} from ${min} up.`,
  );
}

function mode(name: string, value: ValidationMode | undefined, preset: ValidationMode): ValidationMode {
  if (value === undefined || modes.includes(value)) return value ?? preset;
  throw new ConfigurationError(`${name} is "${String(value)}"; it has to be "strict", "warn" or "off".`);
}

/** Browsers send their own, and ask the server first whether another may be sent. */
function userAgent(given: string | undefined): Record<string, string> {
  if (given !== undefined) return { 'user-agent': given };
  return 'document' in globalThis ? {} : { 'user-agent': `ordinaut-sdk/${VERSION}` };
}
