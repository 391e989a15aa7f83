import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { FieldIssue } from '@ordinaut/contract';
import { didYouMean } from '../kernel/near.ts';
import { parseSetting } from './parse-setting.ts';
import { type Config, clientSettings, sections, settings } from './settings.ts';

/** The settings cannot be used. The message names every problem, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly FieldIssue[];

  constructor(problems: readonly FieldIssue[]) {
    super(problems.map(({ field, issue }) => `${field} ${issue}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that are ours and that the server does not read. */
const otherNames = new Set<string>(clientSettings.map(({ env }) => env));

/**
 * The settings of this process: a flag before the environment, the environment before the default. An empty variable
 * counts as one that is not set, as compose files write it.
 *
 * @param env the environment, usually `process.env`.
 * @param flags flags of `serve` without dashes (`port`, `data-dir`) with their text; `true` for one without a value.
 * @throws ConfigError naming all problems at once, among them every `ORDINAUT_*` name that is not known.
 */
export function loadConfig(
  env: Environment,
  flags: Readonly<Record<string, string | boolean | undefined>> = {},
): Config {
  const problems: FieldIssue[] = [...unknownNames(env)];
  const values: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(sections)) values[name] = {};

  for (const setting of settings) {
    const flag = flags[setting.flag];
    const text = flag === undefined ? env[setting.env] : flag === true ? '1' : flag === false ? '0' : flag;
    const from = flag === undefined ? setting.env : `--${setting.flag}`;
    const section = values[setting.section]!;
    section[setting.field] = setting.default;
    if (text === undefined || (text.trim() === '' && flag === undefined)) continue;
    const parsed = parseSetting(setting, text);
    if ('issue' in parsed) problems.push({ field: from, issue: parsed.issue });
    else section[setting.field] = parsed.value;
  }

  // Every value came through the check of its own schema, or is the default that stands beside it.
  const config = values as unknown as Config;
  problems.push(...acrossFields(config));
  if (problems.length > 0) throw new ConfigError(problems);
  values.storage!.dataDir = resolve(config.storage.dataDir);
  values.plugins!.dir = resolve(config.plugins.dir);
  values.extensions!.paths = config.extensions.paths.map((path) => resolve(path));
  return freeze(config);
}

function unknownNames(env: Environment): FieldIssue[] {
  const known = new Set([...settings.map((setting) => setting.env), ...otherNames]);
  return Object.keys(env)
    .filter((name) => name.startsWith('ORDINAUT_') && !known.has(name))
    .sort()
    .map((name) => ({
      field: name,
      issue: `is not a setting of this version.${didYouMean(
        name,
        [...known].filter((one) => one.startsWith('ORDINAUT_')),
      )}`,
    }));
}

function acrossFields({ http, security }: Config): FieldIssue[] {
  const problems: FieldIssue[] = [];
  const isReachable = !isLoopback(http.host) || http.trustProxy.length > 0;
  if (security.auth === 'off' && isReachable && !security.insecure) {
    problems.push({
      field: 'ORDINAUT_AUTH',
      issue:
        `is off, but others can reach ${isLoopback(http.host) ? 'the server by its proxy' : JSON.stringify(http.host)}: anybody could run anything. Leave it out, so that everybody ` +
        'has to log in, listen on 127.0.0.1, or set ORDINAUT_INSECURE=1 to accept that.',
    });
  }
  if ((http.tlsCert === null) !== (http.tlsKey === null)) {
    const [missing, given] = http.tlsCert === null ? ['CERT', 'KEY'] : ['KEY', 'CERT'];
    problems.push({ field: `ORDINAUT_TLS_${missing}`, issue: `is required with ORDINAUT_TLS_${given}.` });
  }
  return problems;
}

/** Whether everybody may come in without being known: on loopback, where nothing stands between the server and its user. */
export function isOpen({ http, security }: Pick<Config, 'http' | 'security'>): boolean {
  if (security.auth !== 'auto') return security.auth === 'off';
  return isLoopback(http.host) && http.trustProxy.length === 0;
}

/** Whether only this machine can reach the address. A name other than `localhost` is taken as one that others reach. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1') return true;
  const v4 = bare.replace(/^::ffff:/, '');
  return isIP(v4) === 4 && v4.startsWith('127.');
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) freeze(child);
  return Object.freeze(value);
}
