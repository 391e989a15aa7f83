import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { readBody } from '../../src/outgoing/read-body.ts';
import { listenRaw, type RawServer } from './raw-server.ts';
import { clientOf, failureOf, get, local } from './test-client.ts';

const servers: RawServer[] = [];
async function answering(answer: (socket: Socket) => void): Promise<RawServer> {
  const server = await listenRaw(answer);
  servers.push(server);
  return server;
}
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
const encoded = (encoding: string, body: Buffer) =>
  answering((socket) => {
    socket.write(head(`Content-Encoding: ${encoding}`, `Content-Length: ${body.length}`));
    socket.end(body);
  });

/** Writes a piece again and again, as fast as it is taken, until the connection ends. */
function flood(socket: Socket, piece: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

const zeros = Buffer.alloc(50_000_000);

describe('a body that grows when it is unpacked', () => {
  it.each([
    ['gzip', gzipSync(zeros)],
    ['x-gzip', gzipSync(zeros)],
    ['deflate', deflateSync(zeros)],
    ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['zstd', zstdCompressSync(zeros)],
    ['gzip, gzip', gzipSync(gzipSync(zeros))],
    ['GZIP,br', brotliCompressSync(gzipSync(zeros))],
  ])('is left at the limit: %s', async (encoding, body) => {
    expect(body.length).toBeLessThan(100_000);
    const { origin } = await encoded(encoding, body);
    expect((await failureOf(get(local(), origin, { maxResponseBytes: 100_000 }))).code).toBe('output_too_large');
  });

  it('may have five encodings, and not six', async () => {
    let body: Buffer = Buffer.from('hello');
    for (let layer = 0; layer < 5; layer++) body = gzipSync(body);
    const five = await encoded(Array(5).fill('gzip').join(','), body);
    expect((await get(local(), five.origin)).body.toString()).toBe('hello');
    const six = await encoded(Array(6).fill('gzip').join(','), gzipSync(body));
    const failure = await failureOf(get(local(), six.origin));
    expect(failure).toMatchObject({ code: 'http_rejected', message: expect.stringContaining('6 content encodings') });
  });

  it('may not ask for a window of more than 8 MB', async () => {
    const withWindow = (log: number) => zstdCompressSync(zeros, { params: { [constants.ZSTD_c_windowLog]: log } });
    const allowed = await encoded('zstd', withWindow(23));
    expect((await get(local(), allowed.origin, { maxResponseBytes: zeros.length })).body).toHaveLength(zeros.length);
    const large = await encoded('zstd', withWindow(26));
    const failure = await failureOf(get(local(), large.origin, { maxResponseBytes: zeros.length }));
    expect(failure).toMatchObject({ code: 'http_rejected', message: expect.stringContaining('cannot be decoded') });
  });

  it('is not unpacked any further when the time is over', async () => {
    const controller = new AbortController();
    const body = Readable.from([gzipSync(Buffer.from('no gzip'))]);
    // Going on would find that the inner one is none.
    const reading = readBody(body, 'gzip, gzip', 1000, controller.signal);
    controller.abort(new Error('over'));
    await expect(reading).rejects.toThrow('over');
  });
});

describe('a body in pieces of one byte', () => {
  it('does not keep the pieces, which take a hundred times their size', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    const pieces: WeakRef<Buffer>[] = [];
    const piece = (): Buffer => {
      const made = Buffer.from('a');
      pieces.push(new WeakRef(made));
      return made;
    };
    let kept = Number.NaN;
    const stream = Readable.from(
      (async function* () {
        for (let count = 0; count < 1000; count++) yield piece();
        await new Promise((resolve) => setImmediate(resolve));
        collectGarbage();
        kept = pieces.filter((ref) => ref.deref() !== undefined).length;
        yield Buffer.from('end');
      })(),
    );
    expect((await readBody(stream, '', 2000, new AbortController().signal)).toString()).toBe(`${'a'.repeat(1000)}end`);
    expect(kept).toBeLessThan(100);
  });
});

describe('an answer that does not end', () => {
  it.each([
    ['of headers', 'HTTP/1.1 200 OK\r\n', 'X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n', 'network_error'],
    ['of one header', 'HTTP/1.1 200 OK\r\nX-A: ', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'network_error'],
    ['of trailers', `${head('Transfer-Encoding: chunked')}0\r\n`, 'X-A: aaaaaaaaaaaaaaaaaaaaaaaa\r\n', 'network_error'],
    ['of interim answers', '', 'HTTP/1.1 103 Early Hints\r\nX-A: a\r\n\r\n', 'step_timeout'],
    [
      'of a chunk extension',
      `${head('Transfer-Encoding: chunked')}2;`,
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'step_timeout',
    ],
    ['of a body', head(), 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'output_too_large'],
    ['of chunks', head('Transfer-Encoding: chunked'), '1\r\na\r\n', 'output_too_large'],
  ])('%s ends the connection', async (_what, start, piece, code) => {
    const server = await answering((socket) => {
      socket.write(start);
      flood(socket, piece.repeat(100));
    });
    const call = get(local(), server.origin, { timeoutMs: code === 'step_timeout' ? 300 : 15_000 });
    expect((await failureOf(call)).code).toBe(code);
    await server.quiet();
  });

  it('drop by drop has the time of the whole request, not of a drop', async () => {
    const server = await answering((socket) => {
      socket.write(head('Content-Length: 100000'));
      const drops = setInterval(() => socket.write('a'), 10);
      socket.on('close', () => clearInterval(drops));
    });
    const begin = performance.now();
    expect((await failureOf(get(local(), server.origin, { timeoutMs: 200 }))).code).toBe('step_timeout');
    expect(performance.now() - begin).toBeLessThan(2000);
    await server.quiet();
  });

  it('counts in the body of a redirect as well', async () => {
    const server = await answering((socket) =>
      socket.write('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9\r\n\r\na'),
    );
    expect((await failureOf(get(local(), server.origin, { timeoutMs: 200 }))).code).toBe('step_timeout');
    await server.quiet();
  });

  it('of the resolver ends with the time, and nothing is sent when it comes after all', async () => {
    const server = await answering((socket) => socket.end());
    const answer = Promise.withResolvers<void>();
    const client = clientOf({
      allow: ['127.0.0.1'],
      resolve: async () => {
        await answer.promise;
        return [{ address: '127.0.0.1', family: 4 }];
      },
    });
    const url = server.origin.replace('127.0.0.1', 'slow.example');
    expect((await failureOf(get(client, url, { timeoutMs: 50 }))).code).toBe('step_timeout');
    const controller = new AbortController();
    const canceled = failureOf(get(client, url, { signal: controller.signal }));
    controller.abort();
    expect((await canceled).code).toBe('canceled');
    answer.resolve();
    // A request that comes later is answered by the resolver later.
    await failureOf(get(client, `${url}/last`));
    expect(server.received()).toMatch(/^GET \/last /);
  });
});

describe('an answer that is read in two ways', () => {
  it.each([
    ['two lengths', `${head('Content-Length: 2', 'Content-Length: 3')}hi`],
    ['a length and chunks', `${head('Content-Length: 3', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`],
    ['a negative length', `${head('Content-Length: -2')}hi`],
    ['no head', 'hello'],
    ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['less than it says', `${head('Content-Length: 5')}hi`],
  ])('is refused: %s', async (_what, bytes) => {
    const { origin } = await answering((socket) => socket.end(bytes, 'latin1'));
    expect((await failureOf(get(local(), origin))).code).toBe('network_error');
  });

  it('cannot answer the next request as well', async () => {
    const server = await answering((socket) =>
      socket.write(`${head('Content-Length: 5')}first${head('Content-Length: 8')}smuggled`),
    );
    const client = local();
    for (let turn = 0; turn < 3; turn++) expect((await get(client, server.origin)).body.toString()).toBe('first');
  });

  it('has headers of any name', async () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const { origin } = await answering((socket) =>
      socket.end(head(...names.flatMap((name) => [`${name}: a`, `${name}: b`]), 'Content-Length: 0')),
    );
    const { headers } = await get(local(), origin);
    for (const name of names) expect(Object.entries(headers)).toContainEqual([name.toLowerCase(), ['a', 'b']]);
  });
});
