import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answered } from './error-answer.ts';

export interface RawOptions {
  /** Local address to come from. */
  readonly from?: string;
  /** Milliseconds after which it is too long. Default: 20 s. */
  readonly patienceMs?: number;
}

/** A connection to a server. */
export async function connectTo(url: string, { from }: RawOptions = {}): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ...(from !== undefined && { localAddress: from }) });
  await once(socket, 'connect');
  return socket;
}

/**
 * Sends bytes that no HTTP client would send, and ends its side.
 *
 * @returns everything that came back until the server has closed the connection, byte by byte as latin1.
 * @throws Error where the server lets it hang.
 */
export async function exchange(url: string, bytes: string | Buffer, options: RawOptions = {}): Promise<string> {
  const socket = await connectTo(url, options);
  const { patienceMs = 20_000 } = options;
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += chunk;
  });
  // A server that closes while it is still being sent to resets the connection.
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  const timer = setTimeout(() => socket.destroy(), patienceMs);
  const begun = performance.now();
  socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  await closed;
  clearTimeout(timer);
  if (performance.now() - begun >= patienceMs)
    throw new Error(`no end after ${patienceMs} ms; so far: ${received.slice(0, 200)}`);
  return received;
}

/** Sends bytes and gives the head of the first answer, as soon as it is there; empty where the connection is closed without one. */
export async function headOf(url: string, bytes: string, options: RawOptions = {}): Promise<string> {
  const socket = await connectTo(url, options);
  socket.write(Buffer.from(bytes, 'latin1'));
  try {
    return await nextHead(socket);
  } finally {
    socket.destroy();
  }
}

/** The head of the next answer on a connection; empty where it is closed without one. */
export async function nextHead(socket: Socket): Promise<string> {
  socket.on('error', () => undefined);
  let received = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += (chunk as Buffer).toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    if (end >= 0) return received.slice(0, end + 4);
  }
  return '';
}

/** The answers in what came over a connection. @throws Error for bytes that are no HTTP. */
export function answersIn(received: string): Answered[] {
  const answers: Answered[] = [];
  let rest = received;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`this is no HTTP: ${JSON.stringify(rest.slice(0, 200))}`);
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    const headers = Object.fromEntries(
      lines.map((each) => {
        const colon = each.indexOf(':');
        return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
      }),
    );
    let text = '';
    if (headers['transfer-encoding'] === 'chunked') [text, rest] = unchunked(rest);
    else {
      const length = Math.min(Number(headers['content-length'] ?? 0), rest.length);
      // Of HEAD the length alone is told.
      const isThere = !rest.startsWith('HTTP/1.1 ');
      if (isThere) [text, rest] = [rest.slice(0, length), rest.slice(length)];
    }
    answers.push({ status, headers, text: Buffer.from(text, 'latin1').toString() });
    if (status === 101) break;
  }
  return answers;
}

function unchunked(bytes: string): [text: string, rest: string] {
  let text = '';
  let rest = bytes;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const length = Number.parseInt(rest.slice(0, end), 16);
    if (end < 0 || Number.isNaN(length)) return [text, ''];
    text += rest.slice(end + 2, end + 2 + length);
    rest = rest.slice(end + 4 + length);
    if (length === 0) return [text, rest];
  }
}
