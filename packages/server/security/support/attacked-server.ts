import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { type RunningServer, serve } from '../../src/server.ts';
import { PASSWORD } from './password.ts';

export interface AttackedServer extends AsyncDisposable {
  readonly url: string;
  readonly server: RunningServer;
  /** Its data directory. */
  readonly directory: string;
  /** The lines of its log of level `error` and worse, so far. */
  readonly failures: readonly string[];
}

/** The real server, whose failures can be read afterwards. */
export async function startAttacked(
  environment: Record<string, string> = {},
  parts: { clock?: Clock } = {},
): Promise<AttackedServer> {
  const directory = await mkdtemp(join(tmpdir(), 'ordinaut-attacked-'));
  const failures: string[] = [];
  const log = new Writable({
    write(line: Buffer, _encoding, done) {
      failures.push(line.toString());
      done();
    },
  });
  const server = await serve(
    loadConfig({
      ORDINAUT_PORT: '0',
      ORDINAUT_DATA_DIR: directory,
      ORDINAUT_ADMIN_PASSWORD: PASSWORD,
      ORDINAUT_RATE_LIMIT: 'off',
      ORDINAUT_AUTH_RATE_LIMIT: 'off',
      ORDINAUT_DRAIN_SECONDS: '1',
      ...environment,
    }),
    { ...parts, logger: pino({ level: 'error', base: null }, log) },
  );
  return {
    url: server.url!,
    server,
    directory,
    failures,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
