import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawServer {
  readonly origin: string;
  /** Everything that was sent to it, one character for each byte. */
  received(): string;
  connections(): number;
  /** Resolves when no connection is open any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** A server on 127.0.0.1 below HTTP: `answer` is called once for each connection, when its first bytes are here. */
export async function listenRaw(answer: (socket: Socket) => void): Promise<RawServer> {
  let received = '';
  let connections = 0;
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
    });
    socket.once('data', () => answer(socket));
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) for (const resolve of waiting) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: () => received,
    connections: () => connections,
    quiet: () => (open.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.add(resolve))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
