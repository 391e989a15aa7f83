import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Alert, ErrorBody, SubmittedAlert } from '@ordinaut/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { HEARTBEAT_MS } from '../../src/http/sse.ts';
import { bearer, logIn, newUser, withLogin } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { openView } from './live-view.ts';

const flood = { title: 'Flood', severity: 'medium', source: 'cellar' };

/** The answer to a WebSocket that is refused. */
async function refusedSocket(url: string, headers: Record<string, string>) {
  const socket = new WebSocket(url, { headers });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const body = (await json(response)) as ErrorBody;
  socket.on('error', () => undefined).terminate();
  return { status: response.statusCode, headers: response.headers, body };
}

describeStores('live views of alerts', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  beforeEach(async () => {
    place = await newPlace(kind);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await api.server.stop();
    await place.remove();
  });
  const start = async (environment: Record<string, string> = {}) => {
    api = await startServer(place, { environment });
  };
  const submit = async (fields: object = {}) =>
    (await api.call<SubmittedAlert>('POST', '/alerts', { ...flood, ...fields })).body;
  const view = (query = '', after?: string) =>
    openView(`${api.url}/alerts/stream${query}`, after === undefined ? {} : { 'last-event-id': after });
  const socketUrl = (query = '') => `${api.url.replace('http', 'ws')}/ws/alerts${query}`;

  /** A WebSocket that is open; `read` answers the next messages that are no heartbeats as soon as so many have come. */
  async function openSocket(url: string, headers: Record<string, string> = {}, options: object = {}) {
    const socket = new WebSocket(url, { headers, ...options });
    const messages: { event: string; id?: string; data: never }[] = [];
    let told = Promise.withResolvers<void>();
    socket.on('message', (text) => {
      const message = JSON.parse(String(text));
      if (!['heartbeat', 'connected'].includes(message.event)) messages.push(message);
      told.resolve();
    });
    await once(socket, 'open');
    return {
      socket,
      async read(count: number) {
        while (messages.length < count) {
          told = Promise.withResolvers();
          await told.promise;
        }
        return messages.splice(0, count);
      },
    };
  }

  describe('server-sent events', () => {
    test('show every change, and go on after the last one that was seen', async () => {
      await start();
      const first = await view();
      const alert = await submit();
      await submit();
      const seen = await first.read(2);
      first.close();
      const { deduplicated: _, ...created } = alert;
      expect(seen).toMatchObject([
        { event: 'alert.created', data: created },
        { event: 'alert.deduplicated', data: { id: alert.id, occurrences: 2 } },
      ]);
      // While nobody looks.
      await api.call('POST', `/alerts/${alert.id}/acknowledge`);
      const other = await submit({ source: 'roof' });
      const resumed = await view('', seen[0]!.id);
      const missed = await resumed.read(3);
      resumed.close();
      expect(missed.map(({ event }) => event)).toEqual(['alert.deduplicated', 'alert.updated', 'alert.created']);
      expect(missed[0]).toEqual(seen[1]);
      expect(missed[2]!.data).toMatchObject({ id: other.id });
      const all = await view('', '0-0');
      expect((await all.read(4)).map(({ id }) => id)).toEqual([seen[0]!.id, ...missed.map(({ id }) => id)]);
      all.close();
    });

    test('show what fits the filter, and tell of a gap', async () => {
      await start();
      await submit({ severity: 'low' });
      const wanted = await submit({ severity: 'high', source: 'roof' });
      await submit({ severity: 'high', source: 'yard' });
      await api.call('PATCH', `/alerts/${wanted.id}`, { status: 'resolved' });
      const views = [await view('?severity=high&source=roof', '0-0'), await view('?status=resolved', '0-0')] as const;
      expect((await views[0].read(2)).map(({ event }) => event)).toEqual(['alert.created', 'alert.updated']);
      expect(await views[1].read(1)).toMatchObject([{ event: 'alert.updated', data: { id: wanted.id } }]);
      for (const each of views) each.close();
      await api.call('DELETE', '/events/stream/cleanup?max_age_hours=0');
      const late = await view('', '1-0');
      expect(await late.read(1)).toMatchObject([{ event: 'gap', data: { after: '1-0' } }]);
      late.close();
      expect(await api.call('GET', '/alerts/stream?severity=bad')).toMatchObject({
        status: 400,
        body: { details: { field: 'severity' } },
      });
    });
  });

  describe('the WebSocket', () => {
    test('carries the same, under both prefixes, from an id on', async () => {
      await start();
      const { socket, read } = await openSocket(socketUrl());
      const alert = await submit();
      const [created] = await read(1);
      expect(created).toEqual({
        event: 'alert.created',
        id: expect.stringMatching(/^\d+-\d+$/),
        data: expect.objectContaining({ id: alert.id, severity: 'medium' }),
      });
      await submit({ severity: 'critical', source: 'roof' });
      socket.close();
      const resumed = await openSocket(
        socketUrl(`?after=${created!.id}&severity=critical`).replace('/ws/', '/api/v1/ws/'),
      );
      expect(await resumed.read(1)).toMatchObject([{ event: 'alert.created', data: { source: 'roof' } }]);
      const sse = await view('', created!.id);
      const [again] = await sse.read(1);
      sse.close();
      await submit({ severity: 'critical', source: 'yard' });
      expect((await resumed.read(1))[0]).toMatchObject({ data: { source: 'yard' } });
      expect(again!.data).toMatchObject({ source: 'roof' } satisfies Partial<Alert>);
      resumed.socket.close();
    });

    test('beats, and ends with whoever does not answer', async () => {
      await start();
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const dead = await openSocket(socketUrl(), {}, { autoPong: false });
      const gone = once(dead.socket, 'close');
      const pinged = once(dead.socket, 'ping');
      const beaten = once(dead.socket, 'message');
      vi.advanceTimersByTime(HEARTBEAT_MS);
      await pinged;
      expect(JSON.parse(String((await beaten)[0]))).toEqual({
        event: 'heartbeat',
        data: { timestamp: expect.any(String) },
      });
      vi.advanceTimersByTime(HEARTBEAT_MS);
      expect((await gone)[0]).toBe(1006);
    });

    test('comes through the door: scope, site, handshake, query, and what is no WebSocket', async () => {
      await start(withLogin({ ORDINAUT_MAX_STREAMS: '20' }));
      const { access_token } = await logIn(api);
      const admin = bearer(access_token);
      const { tokens } = await newUser(api, access_token, { username: 'blind', scopes: ['events:read'] });
      const viewer = await newUser(api, access_token, { username: 'viewer1', role: 'viewer' });
      expect((await refusedSocket(socketUrl(), {})).status).toBe(401);
      const blind = await refusedSocket(socketUrl(), bearer(tokens.access_token));
      expect([blind.status, blind.body.details]).toEqual([
        403,
        { required_scopes: ['alerts:read'], granted_scopes: ['events:read'] },
      ]);
      expect((await refusedSocket(socketUrl(), { ...admin, origin: 'http://elsewhere.example' })).status).toBe(403);
      expect(await refusedSocket(socketUrl('?severity=x'), admin)).toMatchObject({
        status: 400,
        body: { details: { field: 'severity' } },
      });
      expect(await refusedSocket(socketUrl('?after=x'), admin)).toMatchObject({
        status: 400,
        body: { details: { field: 'after' } },
      });
      expect((await refusedSocket(socketUrl('?status=new&status=new'), admin)).status).toBe(400);
      expect((await refusedSocket(socketUrl().replace('alerts', 'other'), admin)).status).toBe(404);
      const plain = await fetch(`${api.url}/ws/alerts`, { headers: admin });
      expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
      expect(await plain.json()).toMatchObject({
        error: 'upgrade_required',
        message: expect.stringContaining('Upgrade: websocket'),
      });

      // A tenth of the places for one caller, who gets them back.
      const seen = bearer(viewer.tokens.access_token);
      const two = [await openSocket(socketUrl(), seen), await openSocket(socketUrl(), seen)];
      const third = await refusedSocket(socketUrl(), seen);
      expect([third.status, third.headers['retry-after']]).toEqual([503, '10']);
      const ended = two.map(({ socket }) => once(socket, 'close'));
      await api.call('PATCH', '/users/viewer1', { role: null }, admin);
      await Promise.all(ended);
    });

    test('is closed when the server stops, and when a client has much to say', async () => {
      await start();
      const talker = await openSocket(socketUrl());
      talker.socket.send('x'.repeat(2000));
      expect((await once(talker.socket, 'close'))[0]).toBe(1009);
      const { socket } = await openSocket(socketUrl());
      const closed = once(socket, 'close');
      await api.server.stop();
      expect((await closed)[0]).toBe(1001);
    });
  });
});
