import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/**
 * The PostgreSQL server the tests use: what answers at DATABASE_URL or 127.0.0.1:5432; where nothing does and the binaries
 * are installed, a private server in a temporary directory; otherwise none.
 */
export async function findPostgres(): Promise<{ url: string | null; stop(): Promise<void> }> {
  const nothing = async () => {};
  for (const url of candidates()) if (await answers(url)) return { url, stop: nothing };
  const bin = binaries();
  return bin === null ? { url: null, stop: nothing } : startPrivate(bin);
}

/** Makes a database of its own for a test, on the server of `url`. */
export async function createDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `ordinaut_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  await command(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => command(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Runs one statement on a connection of its own. */
export async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const candidates = (): string[] => [
  ...(process.env.DATABASE_URL ? [process.env.DATABASE_URL] : []),
  'postgres://postgres@127.0.0.1:5432/postgres',
];

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function binaries(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

export interface PrivatePostgres {
  readonly url: string;
  /** Ends the server, quickly and without waiting for its clients. */
  halt(): Promise<void>;
  /** Starts it again on the same port. */
  resume(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** A PostgreSQL server of one test, which it may break; null where the binaries are not installed. */
export async function privatePostgres(): Promise<PrivatePostgres | null> {
  const bin = binaries();
  return bin === null ? null : startPrivate(bin);
}

async function startPrivate(bin: string): Promise<PrivatePostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'ordinaut-postgres-'));
  const user = unprivilegedUser();
  if (user !== null) chownSync(directory, user.uid, user.gid);
  const as = user ?? {};
  const made = spawnSync(join(bin, 'initdb'), ['-D', directory, '-U', 'postgres', '-A', 'trust', '--no-sync'], as);
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const args = [
    '-D',
    directory,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=`,
  ];
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: ChildProcess;
  const resume = async () => {
    server = spawn(join(bin, 'postgres'), args, { ...as, stdio: 'ignore' });
    for (const deadline = Date.now() + 20_000; !(await answers(url)); ) {
      if (Date.now() > deadline || server.exitCode !== null) throw new Error('The private PostgreSQL did not start.');
    }
  };
  const halt = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  };
  await resume();
  return {
    url,
    halt,
    resume,
    async stop() {
      if (server.exitCode === null) await halt();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; then it runs as the user its package made. */
function unprivilegedUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  if (line === undefined) throw new Error('PostgreSQL cannot be started by root, and there is no user "postgres".');
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}
