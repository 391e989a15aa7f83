import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load-config.ts';
import { type RunningServer, serve } from '../../src/server.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly server: RunningServer;
}

/** The real server on a free port, with a database of its own that is gone afterwards. */
export async function startServer(env: Record<string, string> = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'ordinaut-http-'));
  const server = await serve(
    loadConfig({
      ORDINAUT_PORT: '0',
      ORDINAUT_DATA_DIR: directory,
      ORDINAUT_LOG_LEVEL: 'silent',
      ORDINAUT_RATE_LIMIT: 'off',
      ...env,
    }),
  );
  if (server.url === null) throw new Error('the test server has no address');
  return {
    url: server.url,
    server,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
