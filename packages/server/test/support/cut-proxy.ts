import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CutProxy {
  readonly port: number;
  /** Cuts every connection. */
  cut(): void;
  /** Cuts every connection, and every new one at once, until `allow`. */
  refuse(): void;
  allow(): void;
  /** Connections there have been. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A TCP proxy before a server that others use too: its connections can be cut without touching theirs. */
export async function cutProxy(port: number, host = '127.0.0.1'): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let isOpen = true;
  let connections = 0;
  const server = createServer((client) => {
    if (!isOpen) return void client.destroy();
    connections++;
    const peer = connect(port, host);
    for (const [one, other] of [
      [client, peer],
      [peer, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    cut,
    refuse() {
      isOpen = false;
      cut();
    },
    allow() {
      isOpen = true;
    },
    get connections() {
      return connections;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
