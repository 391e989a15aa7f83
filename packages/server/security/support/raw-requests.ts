import fc from 'fast-check';
import { hostileTexts } from './hostile.ts';

/** Bytes, a character each. */
const bytes = (options: { maxLength: number }) =>
  fc.uint8Array(options).map((array) => Buffer.from(array).toString('latin1'));

const encoded = hostileTexts.filter((text) => text.length < 1000).map((text) => Buffer.from(text).toString('latin1'));

const method = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      'get',
      'TRACE',
      'CONNECT',
      'PRI',
      'QUERY',
      'M-SEARCH',
      'PROPFIND',
      'G\u0000T',
      'GE T',
      'A'.repeat(5000),
    ),
  },
  { weight: 1, arbitrary: bytes({ maxLength: 20 }) },
);

const paths = [
  '/',
  '/tasks',
  '/tasks/x/pause',
  '/health/live',
  '/ext/webui/',
  '/ext/mcp_http/ws',
  '/ext/status',
  '/events/stream',
  '/ws/alerts',
  '/alerts/stream',
  '/docs/',
  '/api/v1',
  '/auth/token',
];
const target = fc.oneof(
  { weight: 14, arbitrary: fc.constantFrom(...paths) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '*',
      '',
      '//',
      '///tasks',
      '/\u0000',
      '/%',
      '/%zz',
      '/%c0%ae%c0%ae/',
      '/%ff%fe',
      '/..',
      '/./tasks',
      '/tasks/../users',
      '\\tasks',
      'tasks',
      '?',
      '#',
      '/tasks#x?y',
      '/tasks;a=b',
      '/tasks?%',
      '/tasks?a[b]=c&a[__proto__]=d',
      '/tasks?__proto__=x',
      'http://evil.example/tasks',
      'http://',
      'https://[::1',
      'evil.example:443',
      'file:///etc/passwd',
      '/ext/',
      '/ext//',
      '/ext/__proto__/x',
      '/ext/constructor/x',
      '/ext/webui/%00',
      '/ext/webui/\\..\\x',
      '/api/v1/api/v1/tasks',
      `/${'a'.repeat(20_000)}`,
      `/tasks?${'a=b&'.repeat(3000)}`,
      `/ext/webui/${'../'.repeat(2000)}etc/passwd`,
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...paths), fc.constantFrom(...encoded))
      .map(([path, text]) => `${path}/${text}`),
  },
  { weight: 1, arbitrary: bytes({ maxLength: 60 }) },
);

const version = fc.oneof(
  { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'HTTP/1.0',
      'HTTP/0.9',
      'HTTP/2.0',
      'HTTP/1.1 ',
      'http/1.1',
      'HTTP/1.',
      'HTTP/9999.1',
      '',
      'ICY',
    ),
  },
);

const names = [
  'Host',
  'Content-Type',
  'Accept',
  'Authorization',
  'Cookie',
  'X-Request-Id',
  'X-Scopes',
  'Idempotency-Key',
  'Last-Event-ID',
  'Origin',
  'Connection',
  'Upgrade',
  'Expect',
  'X-Forwarded-For',
  'Content-Encoding',
  'TE',
  'Trailer',
  'Range',
];
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'Host: localhost',
      'Host: evil.example',
      'Host:',
      'Content-Length: 0',
      'Content-Length: 5',
      'Content-Length: -1',
      'Content-Length: +5',
      'Content-Length: 5, 5',
      'Content-Length: 0x5',
      'Content-Length: 99999999999999999999',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding : chunked',
      'Transfer-Encoding:\u000bchunked',
      'Transfer-Encoding: chunked, identity',
      ' folded: yes',
      '\tfolded',
      ': no name',
      'no colon',
      'X\u0000: a',
      'X: a\u0000b',
      'X: a\rb',
      'X: a\nY: b',
      'X : a',
      'X\u00e9: a',
      '(comment): a',
      'Expect: 100-continue',
      'Expect: something-else',
      'Connection: upgrade\r\nUpgrade: websocket',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: a, a',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
      'Connection: close, close, keep-alive',
      'Proxy-Connection: keep-alive',
      Array.from({ length: 1500 }, (_, n) => `X-${n}: ${n}`).join('\r\n'),
      `Cookie: ${'a=b; '.repeat(2500)}`,
      `X-Big: ${'a'.repeat(20_000)}`,
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...names), fc.constantFrom(...encoded)).map((pair) => pair.join(': ')),
  },
  { weight: 1, arbitrary: bytes({ maxLength: 60 }) },
);

const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '{"a":1}',
      '5\r\nhello\r\n0\r\n\r\n',
      'zz\r\n',
      '-1\r\n',
      'ffffffffffffffff\r\nx',
      '5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n',
      '0\r\n\r\nGET /users HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n',
      '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    ),
  },
  { weight: 1, arbitrary: bytes({ maxLength: 200 }) },
);

const assembled = fc
  .record({
    method,
    target,
    version,
    host: fc.oneof(
      { weight: 6, arbitrary: fc.constant(['Host: localhost']) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    lines: fc.oneof(
      { weight: 4, arbitrary: fc.array(line, { maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(line, { maxLength: 5 }) },
    ),
    body,
    eol: fc.oneof(
      { weight: 19, arbitrary: fc.constant('\r\n') },
      { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n') },
    ),
    cut: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat({ max: 200 }) }),
  })
  .map(({ method: verb, target: path, version: protocol, host, lines, body: content, eol, cut }) => {
    const whole = `${[`${verb} ${path} ${protocol}`, ...host, ...lines].join(eol)}${eol}${eol}${content}`;
    return cut === null ? whole : whole.slice(0, cut);
  });

/** What comes over a connection that should be HTTP: request lines, headers and bodies with something wrong, and bytes. */
export const rawRequests: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: assembled },
  { weight: 1, arbitrary: bytes({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.tuple(assembled, assembled).map((pair) => pair.join('')) },
);
