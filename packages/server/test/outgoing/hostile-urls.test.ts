import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import { GuardedHttpClient } from '../../src/outgoing/guarded-client.ts';
import type { HostileUrl } from './hostile/hostile-url.ts';
import { hostileUrls } from './hostile-urls.ts';
import { clientOf, failureOf, get, local } from './test-client.ts';
import { listen, type TestServer } from './test-server.ts';
import { connectionsBegun, openTraps, type Traps } from './traps.ts';

let traps: Traps;
/** Answers with the redirects of `chain`, one after the other, each on a connection of its own. */
let hop: TestServer;
let chain: { readonly statuses: readonly number[]; readonly location: string } = { statuses: [], location: '' };
let hops = 0;
/** The port of the hop on every other address. */
let besideHop: Traps;

beforeAll(async () => {
  traps = await openTraps();
  hop = await listen((_request, response) => {
    const status = chain.statuses[hops++] ?? 200;
    const location = hops < chain.statuses.length ? `/${hops}` : chain.location;
    response.writeHead(status, { location, connection: 'close' }).end('hop');
  });
  besideHop = await openTraps({ port: hop.port, except: '127.0.0.1' });
});
afterAll(() => Promise.all([traps.close(), besideHop.close(), hop.close()]));

const filled = (text: string): string =>
  text
    .replaceAll('PORT', String(traps.port))
    .replaceAll('HOP', String(hop.port))
    .replaceAll('SOCKET', traps.socketPath);

/** Requests the URL, or what redirects to it, and gives the code of the failure. */
async function outcomeOf({ url, answers = [], via = [], start = 'http://127.0.0.1:HOP/', method = 'GET' }: HostileUrl) {
  let asked = 0;
  const client = new GuardedHttpClient({
    allow: via.length > 0 ? [`127.0.0.1:${hop.port}`] : [],
    ownAddresses: () => ['11.22.33.44', '2600:1f18::1234'],
    resolve: async (name) => {
      const answer = answers[asked++] ?? answers.at(-1);
      if (!answer) throw new Error(`ENOTFOUND ${name}`);
      return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  });
  hops = 0;
  chain = { statuses: via, location: filled(url) };
  try {
    const response = await get(client, filled(via.length > 0 ? start : url), { method, timeoutMs: 5000 });
    return `answered from ${response.url}`;
  } catch (error) {
    return error instanceof RunFailure ? error.code : String(error);
  } finally {
    await client.close();
  }
}

/** Runs all of them; what did not end as it should, and the connections begun beyond those to the hop. */
async function runAll(entries: readonly HostileUrl[]) {
  const wrong: string[] = [];
  let allowed = 0;
  const begun = await connectionsBegun(async () => {
    for (const entry of entries) {
      const outcome = await outcomeOf(entry);
      allowed += hops;
      const { url, code = 'permission_denied', via = [] } = entry;
      if (outcome !== code) wrong.push(`${JSON.stringify(url)} (${via}): ${outcome} instead of ${code}`);
      if (hops !== via.length) wrong.push(`${JSON.stringify(url)} (${via}): ${hops} requests to the hop`);
    }
  });
  return { wrong, begunBeyond: begun - allowed };
}

const nothing = { wrong: [], begunBeyond: 0 };
const accepted = (): number => traps.accepted() + besideHop.accepted();

describe('the corpus', () => {
  it('is large, and no entry is there twice', () => {
    expect(hostileUrls.length).toBeGreaterThanOrEqual(150);
    const keys = hostileUrls.map(({ kind: _, ...entry }) => JSON.stringify(entry));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it('says permission_denied for nearly all of them: few are no URLs', () => {
    expect(hostileUrls.filter(({ code }) => code === undefined).length).toBeGreaterThanOrEqual(300);
  });
});

describe('the guard', () => {
  const kinds = [...Map.groupBy(hostileUrls, ({ kind }) => kind)];
  it.each(kinds)('lets no byte out to: %s', async (_kind, entries) => {
    const before = accepted();
    expect(await runAll(entries)).toEqual(nothing);
    expect(accepted()).toBe(before);
  });

  it('lets no byte out when a redirect leads to any of them', async () => {
    // Other characters cannot stand in a header, and a URL that is none is a path on the server that redirects.
    const entries = hostileUrls.filter(
      ({ url, via, code }) => !via && !code && /^[\x21-\x7e]+$/.test(url) && !/^http:\/?[\d\\]/i.test(url),
    );
    expect(entries.length).toBeGreaterThanOrEqual(300);
    const before = accepted();
    expect(await runAll(entries.map((entry) => ({ ...entry, via: [302] })))).toEqual(nothing);
    expect(accepted()).toBe(before);
  });
});

/** That the test would notice: the traps accept, the count of connections counts. */
describe('the traps', () => {
  it('accept and are counted when everything is allowed', async () => {
    const own = await openTraps();
    const client = clientOf({ allow: ['*'] });
    await client.dispatcher();
    const hosts = [...own.addresses.map((address) => (address.includes(':') ? `[${address}]` : address)), '0x7f.1'];
    const begun = await connectionsBegun(async () => {
      for (const host of hosts) {
        expect((await get(client, `http://${host}:${own.port}/`)).body.toString()).toBe('trapped');
      }
      await failureOf(get(client, `https://127.0.0.1:${own.port}/`));
    });
    expect(begun).toBe(hosts.length + 1);
    expect(own.accepted()).toBe(hosts.length + 1);
    await own.close();
  });

  it('are reached by a redirect when they are allowed', async () => {
    hops = 0;
    chain = { statuses: [302], location: `http://127.0.0.1:${traps.port}/` };
    const before = traps.accepted();
    expect((await get(local(), hop.origin)).body.toString()).toBe('trapped');
    expect(traps.accepted()).toBe(before + 1);
  });
});

describe('a refusal', () => {
  const resolve = async () => [{ address: '169.254.169.254', family: 4 }];

  it('says which address of which host is refused, and which setting opens it', async () => {
    const failure = await failureOf(get(clientOf({ resolve }), 'http://metadata.google.internal/x?key=secret'));
    expect(failure).toMatchObject({ code: 'permission_denied', retryable: false });
    expect(failure.message).toBe(
      'Requests to metadata.google.internal (169.254.169.254) are not allowed: it is a link-local address. The setting ORDINAUT_HTTP_ALLOW opens hosts and ranges.',
    );
  });

  it.each(['http://user:hunter2@example.org/', 'http://user:hun/ter2@[/', 'http://user:hunter2@example.org:99999/'])(
    'does not repeat the password of %s',
    async (url) => {
      const failure = await failureOf(get(clientOf(), url));
      expect(failure.message).toMatch(/credentials|is no URL/);
      expect(failure.message).not.toMatch(/hun|ter2/);
    },
  );
});

describe('a connection', () => {
  it('goes to the addresses that were checked, whatever the name gives the next time', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const client = clientOf({
      allow: [`127.0.0.1:${hop.port}`],
      resolve: async () => [{ address: answers[asked++] ?? '127.0.0.2', family: 4 }],
    });
    chain = { statuses: [], location: '' };
    const before = accepted();
    expect((await get(client, `http://rebinding.example:${hop.port}/`)).body.toString()).toBe('hop');
    expect(asked).toBe(1);
    expect((await failureOf(get(client, `http://rebinding.example:${hop.port}/`))).code).toBe('permission_denied');
    expect(asked).toBe(2);
    expect(accepted()).toBe(before);
  });

  it('that was opened for one host serves no other of the same address', async () => {
    const keeping = await listen((_request, response) => response.end('kept'));
    const client = clientOf({
      allow: ['inner.example'],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    await get(client, `http://inner.example:${keeping.port}/`);
    expect(await keeping.open()).toBe(1);
    for (const host of ['127.0.0.1', 'other.example', 'x.inner.example', 'localhost']) {
      expect((await failureOf(get(client, `http://${host}:${keeping.port}/`))).code).toBe('permission_denied');
    }
    expect(keeping.connections()).toBe(1);
    await keeping.close();
  });

  it('is refused to whoever uses the dispatcher directly', async () => {
    const dispatcher = await clientOf().dispatcher();
    const before = accepted();
    const request = { origin: `http://127.0.0.1:${traps.port}`, path: '/', method: 'GET' } as const;
    await expect(dispatcher.request(request)).rejects.toMatchObject({ code: 'permission_denied' });
    expect(accepted()).toBe(before);
  });
});
