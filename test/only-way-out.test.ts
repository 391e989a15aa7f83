import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** Packages that open connections, or whose purpose is to. */
const dialers =
  /^(?:undici|axios|got|ky|ofetch|wretch|needle|phin|bent|superagent|request|node-fetch|cross-fetch|isomorphic-fetch|minipass-fetch|make-fetch-happen|follow-redirects|(?:https?|socks|pac)-proxy-agent|agentkeepalive|ws|isomorphic-ws|faye-websocket|websocket|eventsource|(?:socket|engine)\.io-client|graphql-request|pg|pg-native|postgres|mysql2?|mariadb|mongodb|mssql|tedious|ioredis|redis|@redis\/.+|memjs|kafkajs|amqplib|mqtt|nats|nodemailer|imapflow|ssh2|basic-ftp|ldapts|net-snmp|@grpc\/.+|@aws-sdk\/.+|@azure\/.+|@google-cloud\/.+|openai|@anthropic-ai\/sdk|@ordinaut\/sdk)(?:\/|$)/;

/** What may be taken from modules of Node that can connect. From a module with an empty list nothing may be taken. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  http: [
    'validateHeaderName',
    'validateHeaderValue',
    'createServer',
    'Server',
    'IncomingMessage',
    'ServerResponse',
    'STATUS_CODES',
    'METHODS',
    'maxHeaderSize',
  ],
  https: ['createServer', 'Server'],
  http2: ['createServer', 'createSecureServer', 'constants'],
  net: ['createServer', 'Server', 'isIP', 'isIPv4', 'isIPv6', 'BlockList', 'SocketAddress'],
  tls: ['createServer', 'Server', 'createSecureContext', 'rootCertificates'],
  dgram: [],
  dns: [],
  'dns/promises': [],
};

/** Ways without an import. `prefetch(` and `this.fetch(` are others. */
const globals: readonly [what: string, pattern: RegExp][] = [
  ['fetch', /(?<![\w$.#]|function )fetch\s*(?:\(|\?\.|\.(?:call|apply|bind)\b)/],
  ['fetch', /[=(,[:?]\s*fetch\s*[,;)\]}\n]|\{\s*fetch\s*[,}]/],
  ['fetch', /\b(?:globalThis|global|self|window)\s*(?:\?\.|\.|\[\s*["'`]|\)\.)\s*(?:fetch|WebSocket|EventSource)\b/],
  ['WebSocket', /\bnew\s+(?:WebSocket|WebSocketStream|EventSource|XMLHttpRequest|WebTransport)\b/],
  ['getBuiltinModule', /\bgetBuiltinModule\b/],
];

/** How a text goes out, by the names that `allowed` uses; nothing for most. Types are no way out. */
function waysOut(text: string): string[] {
  // Without types and comments, and in one spelling.
  const { code } = transformSync(text, { loader: 'ts', format: 'esm', target: 'esnext', legalComments: 'none' });
  const found = globals.flatMap(([what, pattern]) => (pattern.test(code) ? [what] : []));
  const whole = /(?:\b(?:import|require)\s*\(\s*|\bfrom\s*|\bimport\s*)(["'`])([^"'`]+)\1/g;
  for (const [, , specifier] of code.matchAll(whole)) {
    if (dialers.test(specifier!)) found.push(specifier!);
    const module = moduleOf(specifier!);
    if (module !== null && !onlyHarmless(code, specifier!, module)) found.push(module);
  }
  return [...new Set(found)];
}

const moduleOf = (specifier: string): string | null => {
  const name = specifier.replace(/^node:/, '');
  return Object.hasOwn(harmless, name) ? name : null;
};

/** Whether every import of the module is one of names that are harmless. */
function onlyHarmless(code: string, specifier: string, module: string): boolean {
  const mentions = code.split(new RegExp(`["'\`]${specifier}["'\`]`)).length - 1;
  const named = [...code.matchAll(new RegExp(`import\\s*\\{([^}]*)\\}\\s*from\\s*["']${specifier}["']`, 'g'))];
  const names = named.flatMap(([, list]) => list!.split(',').map((item) => item.trim().split(/\s+as\s+/)[0]!));
  return mentions === named.length && names.every((name) => name === '' || harmless[module]!.includes(name));
}

const root = join(import.meta.dirname, '..');
const files = ['packages/server/src', 'extensions', 'plugins'].flatMap((directory) =>
  globSync(`${directory}/**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}`, { cwd: root }).filter(
    (file) => !/(?:^|\/)(?:node_modules|dist)\//.test(file),
  ),
);

/** Who else may go out, by what, and why. */
const allowed: readonly { where: RegExp; by: readonly string[]; reason: string }[] = [
  {
    where: /^packages\/server\/src\/outgoing\//,
    by: ['undici', 'net', 'dns/promises'],
    reason: 'the guarded client itself',
  },
  {
    where: /^packages\/server\/src\/cli\//,
    by: ['@ordinaut/sdk'],
    reason: 'the command line calls the server that its user names, from the machine of its user',
  },
  {
    where: /^packages\/server\/src\/storage\//,
    by: ['pg'],
    reason: 'the driver of the database, whose address the operator sets (DATABASE_URL)',
  },
  {
    where: /^packages\/server\/src\/(?:events\/redis\/|http\/rate-redis\.ts$)/,
    by: ['ioredis'],
    reason: 'the driver of Redis, whose address the operator sets (REDIS_URL)',
  },
  {
    where: /^packages\/server\/src\/http\/alert-socket\.ts$/,
    by: ['ws'],
    reason: 'the end of the WebSockets that clients open, and never a client of one',
  },
  {
    where: /^plugins\/redis_source_plugin\.ts$/,
    by: ['ioredis'],
    reason: 'the source of Redis, whose address the operator sets (ORDINAUT_PLUGIN_CONFIG)',
  },
  {
    where: /^plugins\/rabbitmq_source_plugin\.ts$/,
    by: ['amqplib'],
    reason: 'the source of RabbitMQ, whose address the operator sets (ORDINAUT_PLUGIN_CONFIG)',
  },
  {
    where: /^extensions\/[^/]+\/static\//,
    by: ['fetch', 'WebSocket'],
    reason: 'files for browsers: they run on the machine of whoever looks at them',
  },
];

const found = files.flatMap((file) =>
  waysOut(readFileSync(join(root, file), 'utf8')).map((way) => ({
    file,
    way,
    entry: allowed.find(({ where, by }) => where.test(file) && by.includes(way)),
  })),
);

it('only the guarded client opens connections to targets that others choose', () => {
  expect(files.length).toBeGreaterThan(150);
  const others = found.filter(({ entry }) => entry === undefined);
  expect(others.map(({ file, way }) => `${file} goes out by ${way}: use outgoing/guarded-client.ts`)).toEqual([]);
});

it('every exception is still needed', () => {
  const needed = new Set(found.map(({ entry }) => entry));
  expect(allowed.filter((entry) => !needed.has(entry)).map(({ reason }) => reason)).toEqual([]);
  expect(found.some(({ file }) => file.endsWith('outgoing/guarded-agent.ts'))).toBe(true);
});

describe('the scanner', () => {
  it.each([
    ['fetch', "await fetch('http://x');"],
    ['fetch', 'const get = fetch;'],
    ['fetch', 'call({ fetch });'],
    ['fetch', 'client({ fetch: fetch });'],
    ['fetch', 'use(fetch, 1);'],
    ['fetch', 'fetch.bind(null)(url);'],
    ['fetch', 'globalThis.fetch(url);'],
    ['fetch', 'globalThis["fetch"](url);'],
    ['fetch', '(globalThis as any).fetch(url);'],
    ['WebSocket', 'new WebSocket(url);'],
    ['WebSocket', 'new EventSource(url);'],
    ['undici', "import { request } from 'undici'; request(url);"],
    ['undici', "const { request } = await import('undici'); request(url);"],
    ['undici', "const { request } = require('undici');"],
    ['undici', "export { request } from 'undici';"],
    ['axios', "import axios from 'axios'; axios(url);"],
    ['@ordinaut/sdk', "import { OrdinautClient } from '@ordinaut/sdk'; new OrdinautClient({ baseUrl });"],
    ['got', "import got from 'got'; got(url);"],
    ['node-fetch', "import load from 'node-fetch'; load(url);"],
    ['pg', "import pg from 'pg'; new pg.Client();"],
    ['ioredis', "import { Redis } from 'ioredis'; new Redis();"],
    ['ws', "import WebSocket from 'ws'; WebSocket(url);"],
    ['http', "import { request } from 'node:http'; request(url);"],
    ['http', "import { createServer, get as load } from 'http'; load(url); createServer();"],
    ['http', "import http from 'node:http'; http.request(url);"],
    ['http', "import * as http from 'node:http'; http.get(url);"],
    ['http', "(await import('node:http')).get(url);"],
    ['https', "import https from 'node:https'; https.request(url);"],
    ['http2', "import { connect } from 'node:http2'; connect(url);"],
    ['net', "import { connect } from 'node:net'; connect(80);"],
    ['net', "import net from 'node:net'; net.createConnection(80);"],
    ['net', "import { Socket } from 'node:net'; new Socket().connect(80);"],
    ['net', "require('net').connect(80);"],
    ['net', "export * from 'node:net';"],
    ['tls', "import { connect } from 'node:tls'; connect(443);"],
    ['dgram', "import { createSocket } from 'node:dgram'; createSocket('udp4');"],
    ['dns', "import { resolve } from 'node:dns'; resolve(name);"],
    ['dns/promises', "import { lookup } from 'node:dns/promises'; lookup(name);"],
    ['getBuiltinModule', "process.getBuiltinModule('node:http').get(url);"],
  ])('sees %s in %s', (way, text) => {
    expect(waysOut(text)).toEqual([way]);
  });

  it.each([
    "import type { Agent } from 'undici'; const agent: Agent | null = null;",
    "import { type Socket, isIP } from 'node:net'; isIP(text) as unknown as Socket;",
    "import { createServer } from 'node:http'; createServer();",
    "import type { Pool } from 'pg'; export type { Pool };",
    '// fetch(url) is not used here\nprefetch(url);',
    '/* fetch(url) */ queue.fetch(url); this.fetch();',
    "const name = 'http.request'; tools.get(name);",
    "import { Client } from './ws.ts'; new Client();",
    "import prefetch from 'prefetch-links'; prefetch();",
  ])('sees nothing in %s', (text) => {
    expect(waysOut(text)).toEqual([]);
  });
});
