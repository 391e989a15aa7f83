import { once } from 'node:events';
import { createServer } from 'node:net';
import { OrdinautClient } from '@ordinaut/sdk';
import { startServer } from '../../../packages/server/test/support/server.ts';
import { spawnServer } from '../../../packages/server/test/support/server-process.ts';
import { newPlace } from '../../../packages/server/test/support/stores.ts';

/** A server that comes back under the same address with the same data. */
export interface ExampleServer {
  readonly url: string;
  readonly client: OrdinautClient;
  /** Stops it in good order. */
  stop(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return address.port;
}

/**
 * @param how `process`: a process of its own, which `stop` kills with SIGKILL; default: in this process.
 * @param extra settings; with those of `withLogin` the client is `admin`.
 */
export async function exampleServer(
  how: 'here' | 'process' = 'here',
  extra: Readonly<Record<string, string>> = {},
): Promise<ExampleServer> {
  const place = await newPlace('sqlite');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { ORDINAUT_PORT: String(port), ...extra };
  let end: (() => Promise<void>) | null = null;
  const start = async (): Promise<void> => {
    if (how === 'process') end = (await spawnServer(place, environment)).kill;
    else {
      const { server } = await startServer(place, { environment });
      end = () => server.stop();
    }
  };
  const stop = async (): Promise<void> => {
    const ending = end;
    end = null;
    await ending?.();
  };
  await start();
  const password = extra.ORDINAUT_ADMIN_PASSWORD;
  const client = new OrdinautClient(
    password === undefined ? { baseUrl: url } : { baseUrl: url, username: 'admin', password },
  );
  return {
    url,
    client,
    start,
    stop,
    async close() {
      client.close();
      await stop();
      await place.remove();
    },
  };
}
