import { type Clock, systemClock } from './clock.ts';
import { ConfigurationError } from './errors.ts';
import type { AgentLogin, CommonOptions, PasswordCredentials, TokenCredentials, ValidationMode } from './options.ts';
import { readBaseUrl } from './transport/base-url.ts';
import type { CircuitRules } from './transport/circuit-board.ts';
import { isBrowser } from './transport/is-browser.ts';
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
const names: readonly (
  | keyof CommonOptions
  | keyof PasswordCredentials
  | keyof AgentLogin
  | 'apiKey'
  | keyof TokenCredentials
)[] = [
  'baseUrl',
  'allowInsecureHttp',
  'concurrency',
  'retry',
  'circuit',
  'timeouts',
  'validation',
  'observers',
  'headers',
  'userAgent',
  'fetch',
  'clock',
  'random',
  'username',
  'password',
  'scopes',
  'agentId',
  'agentSecret',
  'apiKey',
  'token',
  'onUnauthorized',
];
/** What is counted: whole, and 1 at least. */
const counts: readonly string[] = ['concurrency', 'retry.attempts', 'circuit.failures', 'maxAttempts'];

/** @throws ConfigurationError for the first option that is not as it has to be. */
export function resolveOptions(given: CommonOptions): ResolvedOptions {
  const { circuit, validation = {}, timeouts = {} } = given;
  onlyKnown('', given, names);
  for (const [name, own] of Object.entries(timeouts)) {
    for (const [field, ms] of Object.entries(own ?? {})) number(`timeouts["${name}"].${field}`, ms, 0, 1);
  }
  return {
    base: readBaseUrl(String(given.baseUrl ?? ''), { allowInsecureHttp: given.allowInsecureHttp ?? false }),
    concurrency: number('concurrency', given.concurrency, 50),
    retry: numbers('retry.', given.retry, {
      attempts: 3,
      baseMs: 250,
      maxMs: 8_000,
      maxRetryAfterMs: Number.POSITIVE_INFINITY,
      budget: 10,
      refill: 0.1,
    }),
    circuit: circuit === false ? null : numbers('circuit.', circuit, { failures: 5, openMs: 1_000, maxOpenMs: 30_000 }),
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

/** Numbers by their names; those that are not given are the presets. */
function numbers<T extends Readonly<Record<string, number>>>(place: string, given: unknown, presets: T): T {
  onlyKnown(place, given, Object.keys(presets));
  const all = Object.entries(presets).map(([name, preset]) => [
    name,
    number(place + name, Reflect.get(Object(given), name), preset),
  ]);
  // The names are those of the presets.
  return Object.fromEntries(all) as T;
}

/**
 * An option that is a number.
 *
 * @param min the least it may be.
 * @throws ConfigurationError for anything else.
 */
export function number<T>(name: string, value: unknown, preset: T, min = 0): number | T {
  const isCount = counts.includes(name);
  if (value === undefined) return preset;
  if (typeof value === 'number' && value >= (isCount ? 1 : min) && (!isCount || Number.isInteger(value))) return value;
  throw new ConfigurationError(
    `${name} is ${String(value)}; it has to be a ${isCount ? 'whole number from 1' : `number from ${min}`} up.`,
  );
}

function onlyKnown(place: string, given: unknown, known: readonly string[]): void {
  const other = Object.keys(Object(given)).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new ConfigurationError(`There is no option "${place}${other}". There are: ${known.join(', ')}.`);
}

function mode(name: string, value: ValidationMode | undefined, preset: ValidationMode): ValidationMode {
  if (value === undefined || modes.includes(value)) return value ?? preset;
  throw new ConfigurationError(`${name} is "${String(value)}"; it has to be "strict", "warn" or "off".`);
}

/** Browsers send their own, and ask the server first whether another may be sent. */
function userAgent(given: string | undefined): Record<string, string> {
  if (given !== undefined) return { 'user-agent': given };
  return isBrowser ? {} : { 'user-agent': `ordinaut-sdk/${VERSION}` };
}
