import { createHook } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Listeners that nobody may reach. */
export interface Traps {
  /** The one port of all of them. */
  readonly port: number;
  /** Where they listen; 127.0.0.1 always, the others where the machine has them (macOS has no 127.0.0.2). */
  readonly addresses: readonly string[];
  /** A Unix socket, which is one of them. */
  readonly socketPath: string;
  /** Connections they have accepted so far. */
  accepted(): number;
  close(): Promise<void>;
}

const loopback = ['127.0.0.1', '::1', '127.0.0.2', '127.0.1.1', '127.1.2.3', '127.127.127.127', '127.255.255.254'];

/** Listens on the loopback addresses and a Unix socket. Without a `port` it takes one that is free on all of them. */
export async function openTraps(options: { port?: number; except?: string } = {}): Promise<Traps> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  const listen = (where: ListenOptions): Promise<Server> => {
    const server = createServer((socket) => {
      accepted++;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
      socket.resume().end('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\ntrapped');
    });
    return new Promise((resolve, reject) => server.once('error', reject).listen(where, () => resolve(server)));
  };
  const directory = await mkdtemp(join(tmpdir(), 'traps-'));
  const socketPath = join(directory, 'trap.sock');
  for (;;) {
    const servers: Server[] = [];
    const addresses: string[] = [];
    let { port } = options;
    try {
      for (const host of loopback) {
        if (host === options.except) continue;
        const server = await listen({ host, port: port ?? 0, ipv6Only: host.includes(':') }).catch(absent);
        if (server === null) continue;
        servers.push(server);
        addresses.push(host);
        port ??= (server.address() as AddressInfo).port;
      }
      servers.push(await listen({ path: socketPath }));
    } catch (error) {
      await closeAll(servers);
      // Somebody has the port on one of the addresses.
      if (options.port === undefined && codeOf(error) === 'EADDRINUSE') continue;
      throw error;
    }
    return {
      port: port!,
      addresses,
      socketPath,
      accepted: () => accepted,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        await closeAll(servers);
        await rm(directory, { recursive: true });
      },
    };
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

function absent(error: unknown): null {
  if (codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'EAFNOSUPPORT') return null;
  throw error;
}

const closeAll = (servers: readonly Server[]): Promise<unknown> =>
  Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));

/**
 * Runs something and gives the connections that this process has begun meanwhile, to whatever address: a trap sees only those
 * that come to it. So nothing else may connect at the time.
 */
export async function connectionsBegun(run: () => Promise<unknown>): Promise<number> {
  let begun = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'TCPCONNECTWRAP' || type === 'PIPECONNECTWRAP') begun++;
    },
  }).enable();
  try {
    await run();
  } finally {
    hook.disable();
  }
  return begun;
}
