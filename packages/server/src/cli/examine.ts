import { access, mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config/settings.ts';
import type { Connection } from './connect.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import type { Finding } from './finding.ts';
import { readConfig } from './server-settings.ts';

/** Bytes below which the data directory has too little room. */
const MIN_FREE_BYTES = 512 * 1024 * 1024;

/** How the server is asked: as it is now is what is to be found out. */
const once = { timeoutMs: 5_000, maxAttempts: 1 };

/** Every check of `ordinaut doctor`, in order. None throws: what goes wrong is a finding. */
export async function examine(context: Connection): Promise<Finding[]> {
  const findings: Finding[] = [nodeVersion()];
  const config = await settings(findings);
  if (config !== null) {
    findings.push(await dataDirectory(config.storage.dataDir));
    findings.push(await store(config));
  }
  const answering = await server(context);
  findings.push(answering);
  if (answering.status === 'fail' || answering.fix !== undefined) return findings;
  const known = await login(context);
  findings.push(known);
  if (known.status === 'ok') findings.push(await extensions(context));
  return findings;
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 24) return { name: 'node', status: 'ok', message: process.version };
  return {
    name: 'node',
    status: 'fail',
    message: `${process.version} is too old.`,
    fix: 'Install Node.js 24 or newer.',
  };
}

async function settings(findings: Finding[]): Promise<Config | null> {
  try {
    const config = await readConfig();
    findings.push({ name: 'settings', status: 'ok', message: 'Every setting can be used.' });
    return config;
  } catch (error) {
    findings.push({ name: 'settings', status: 'fail', message: sentence(error), fix: 'See `ordinaut serve --help`.' });
    return null;
  }
}

async function dataDirectory(directory: string): Promise<Finding> {
  const name = 'data directory';
  try {
    // A directory that is not there yet is made at the first start, below the first one that is.
    const existing = await nearestExisting(directory);
    // To be root is to have every right and still not to be able to write: only trying tells.
    await rmdir(await mkdtemp(join(existing, '.ordinaut-probe-')));
    const { bavail, bsize } = await statfs(existing);
    const free = bavail * bsize;
    const message = `${directory}${existing === directory ? '' : ' (made at the first start)'}, ${gibibytes(free)} GiB free`;
    if (free >= MIN_FREE_BYTES) return { name, status: 'ok', message };
    return { name, status: 'warn', message, fix: 'Make room: the database needs it to grow.' };
  } catch (error) {
    return {
      name,
      status: 'fail',
      message: `${directory} cannot be written: ${sentence(error)}`,
      fix: 'Choose another with ORDINAUT_DATA_DIR, or let this user write to it.',
    };
  }
}

async function nearestExisting(directory: string): Promise<string> {
  try {
    await access(directory);
    return directory;
  } catch (error) {
    const parent = dirname(directory);
    if (parent === directory) throw error;
    return nearestExisting(parent);
  }
}

async function store({ storage }: Config): Promise<Finding> {
  const name = 'database';
  const where = storage.databaseUrl === null ? `SQLite in ${storage.dataDir}` : 'PostgreSQL';
  try {
    const { readSchemaState } = await import('../storage/schema-state.ts');
    const { schema } = await readSchemaState(storage.databaseUrl, storage.dataDir);
    switch (schema) {
      case 'current':
        return { name, status: 'ok', message: `${where}, schema up to date` };
      case 'missing':
        return { name, status: 'ok', message: `${where}, empty (the schema is made at the first start)` };
      case 'older':
        return { name, status: 'ok', message: `${where}, an older schema (brought up to date at the next start)` };
      case 'newer': {
        const fix = 'Run the newer version of Ordinaut, or give this one a database of its own.';
        return { name, status: 'fail', message: `${where}, the schema of a newer Ordinaut`, fix };
      }
    }
  } catch (error) {
    const fix =
      storage.databaseUrl === null
        ? 'Check the file and its permissions.'
        : 'Check DATABASE_URL and whether the server runs.';
    return { name, status: 'fail', message: `${where} cannot be read: ${sentence(error)}`, fix };
  }
}

async function server({ url, client, explain }: Connection): Promise<Finding> {
  const name = 'server';
  try {
    const { status, version } = await client.system.health(once);
    const message = `${url} answers: version ${String(version)}, ${String(status)}`;
    return { name, status: status === 'healthy' ? 'ok' : status === 'degraded' ? 'warn' : 'fail', message };
  } catch (failure) {
    const error = explain(failure);
    const isDown = error instanceof CliError && error.exitCode === exitCodes.unreachable;
    // Something before the server wants to know who asks: it is there.
    if (isRefusal(error)) return { name, status: 'warn', message: sentence(error) };
    return isDown
      ? {
          name,
          status: 'warn',
          message: sentence(error),
          fix: 'Start it with `ordinaut serve`, or say where it is with --url.',
        }
      : { name, status: 'fail', message: sentence(error) };
  }
}

/** Who the server takes this command line for. Not to be let in is nothing that is broken. */
async function login({ client, explain }: Connection): Promise<Finding> {
  const name = 'login';
  try {
    const { authenticated, kind, username } = await client.users.me(once);
    if (authenticated !== true) return { name, status: 'ok', message: 'Nobody has to log in.' };
    return { name, status: 'ok', message: `The ${String(kind)} ${String(username)}` };
  } catch (failure) {
    const error = explain(failure);
    if (!isRefusal(error)) return { name, status: 'fail', message: sentence(error) };
    return { name, status: 'warn', message: 'The server does not say more without a login.', fix: sentence(error) };
  }
}

/** Those that do not run although they should. */
async function extensions({ client, explain }: Connection): Promise<Finding> {
  const name = 'extensions';
  try {
    const all = Object.entries((await client.extensions.status({}, once)).extensions);
    const wrong = all.flatMap(([id, one]) =>
      typeof one.error === 'string' ? [`${id} is ${one.state}: ${one.error}`] : [],
    );
    if (wrong.length === 0) return { name, status: 'ok', message: `${all.length} found, nothing wrong with any` };
    return {
      name,
      status: 'warn',
      message: wrong.join('\n'),
      fix: 'Mend it and run `ordinaut ext reload ID`; out of quarantine: `ordinaut ext reset ID`.',
    };
  } catch (failure) {
    const error = explain(failure);
    return { name, status: isRefusal(error) ? 'warn' : 'fail', message: sentence(error) };
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof CliError && (error.status === 401 || error.status === 403);
const gibibytes = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1);
const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));
