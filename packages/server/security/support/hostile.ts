import fc from 'fast-check';
import { Verbatim, type Written } from './json-text.ts';

/** Texts that have hurt somebody's program. */
export const hostileTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\ufeffbom',
  '\uffff',
  '\u202egnp.exe',
  '\u200b\u200d\u2060',
  'e\u0301'.repeat(50),
  '👩‍👩‍👧‍👦'.repeat(20),
  'İstanbul ſtraße ǆ',
  'a\r\nX-Injected: 1',
  '\u001b[31mred\u001b[0m\u0007\u0008',
  "'; DROP TABLE tasks; --",
  "' OR '1'='1",
  '%27%20OR%201=1',
  '$' + '{7*7}{{7*7}}<%= 7*7 %>#{7*7}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '%00',
  '%',
  '%%%',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'NaN',
  'Infinity',
  '-0',
  '1e400',
  '0x10',
  'null',
  'undefined',
  'true',
  '[object Object]',
  '*',
  '**',
  '*'.repeat(500),
  '(((((((((((((((a+)+)+)+)+)+)+)+)+)+',
  `${'a'.repeat(30)}!`,
  'x'.repeat(100_000),
];

export const hostileText = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary', maxLength: 300 }));

const nested = (depth: number, open: string, close: string, core = ''): Verbatim =>
  new Verbatim(`${open.repeat(depth)}${core}${close.repeat(depth)}`);

/** Values where something else belongs. */
export const hostileValue: fc.Arbitrary<Written> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Written>(
      null,
      true,
      false,
      0,
      -0,
      -1,
      1.5,
      2 ** 31,
      2 ** 53,
      -(2 ** 63),
      1e308,
      5e-324,
      [],
      {},
      [[]],
      [null],
      { length: -1 },
      { toString: 1, valueOf: 2, toJSON: 3 },
      { $ref: '#' },
      new Verbatim('1e400'),
      new Verbatim('-1e400'),
      new Verbatim('9'.repeat(400)),
      new Verbatim(`0.${'3'.repeat(1000)}`),
      new Verbatim('NaN'),
      new Verbatim("'single'"),
      new Verbatim('0123'),
      new Verbatim('{"__proto__":{"admin":true}}'),
      new Verbatim('{"constructor":{"prototype":{"admin":true}}}'),
      new Verbatim('{"a":1,"a":2}'),
      new Verbatim('"\\ud800"'),
      new Verbatim('"\\u0000"'),
      nested(150, '[', ']'),
      nested(150, '{"a":', '}', '1'),
      nested(5000, '[', ']'),
      nested(5000, '{"a":', '}', '1'),
      new Verbatim(`[${'0,'.repeat(20_000)}0]`),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Written> },
);

export const hostileKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  '',
  ' ',
  'a.b',
  'a[0]',
  '$where',
  '\u0000',
  '\ud800',
  'id',
  'x'.repeat(5000),
);

/** A header as a client can send it: undici and Node refuse control characters, the raw sockets see to those. */
const headerText = hostileText.map((text) =>
  text
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .trim()
    .slice(0, 6000),
);

const jsonType = 'application/json';
/** Headers that mean something to this server, with values that mean nothing or too much. */
export const hostileHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  header(
    'content-type',
    'text/plain',
    'text/html',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json; charset=utf-7',
    'application/json;;;=',
    `${jsonType}, text/plain`,
    'APPLICATION/JSON',
    'application/vnd.api+json',
    'application/json-patch+json',
    'nonsense',
    '',
    `application/json; ${'a=b;'.repeat(500)}`,
  ),
  header('content-encoding', 'gzip', 'deflate', 'br', 'zstd', 'identity', 'gzip, gzip', 'GZIP', 'nonsense', ''),
  header('transfer-encoding-x', 'chunked'),
  header(
    'x-scopes',
    '',
    ',',
    ',,,',
    '*',
    'tasks:read',
    'tasks:*,runs:*',
    'TASKS:READ',
    'a'.repeat(3000),
    'a:'.repeat(1000),
  ),
  header('idempotency-key', '', ' ', 'k', 'k'.repeat(255), 'k'.repeat(256), '\u00e9', '__proto__', "'; --"),
  header('last-event-id', '0-0', '0', '-1', '1-', '99999999999999999999-1', '1e9-1', '0x1-1', ' ', '*', '$', '+', '-'),
  header('x-request-id', 'abc', '', 'x'.repeat(128), 'x'.repeat(129), 'a b', '\u00e9', '${jndi:ldap://x}', '__proto__'),
  header('authorization', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'bearer  ', `Bearer ${'a'.repeat(9000)}`),
  header('x-api-key', 'ordk_nonsense', '', 'x'.repeat(6000)),
  header('cookie', 'ordinaut_session=x', '__Host-ordinaut=x', '=;=;=', 'a'.repeat(5000), 'ordinaut_session=%'),
  header('origin', 'http://evil.example', 'null', 'http://localhost', '%%', 'file://'),
  header('host', 'evil.example', '127.0.0.1', '[::1]', 'localhost:99999', 'a b', '127.0.0.1:8080@evil.example'),
  header('x-forwarded-for', '127.0.0.1', '1.2.3.4, 5.6.7.8', 'nonsense', '::1', ','),
  header('x-forwarded-proto', 'https', 'javascript'),
  header('accept', '*/*', 'text/html', 'text/event-stream', 'nonsense', '*/*;q=2'),
  header('accept-encoding', 'gzip', '*', 'br;q=1.0'),
  header('x-http-method-override', 'DELETE', 'TRACE'),
  header('if-none-match', '*', 'W/"x"'),
  header('range', 'bytes=0-0', 'bytes=99999-', 'nonsense'),
);

function header(name: string, ...values: string[]): fc.Arbitrary<Record<string, string>> {
  return fc
    .oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: headerText })
    .map((value) => ({
      // undici takes what begins with a bracket for an address of IPv6, and fails where it is none.
      [name]: name === 'host' ? value.replace(/^\[(?!.*\])/, '') : value,
    }));
}

/** What no object has until somebody has poisoned its prototype. */
export const isPoisoned = (): boolean => Object.keys(Object.prototype).length > 0 || 'admin' in {};
