import type { ErrorBody, FieldIssue, GeneratedEvents, Handler, HandlerEvent, Page, Step } from '@ordinaut/contract';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HandlerBatch } from '../../src/handlers/handler-batch.ts';
import { listen, startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const transform = (data: unknown, expression = '@'): Step => ({
  id: 'make',
  uses: 'core.transform',
  with: { expression, data },
});
const NOBODY = '00000000-0000-0000-0000-000000000000';

describeStores('events of requests', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let delivered: HandlerBatch[] = [];
  /** Resolves with the next batch. */
  let onDelivery: (batch: HandlerBatch) => void = () => {};
  beforeAll(async () => {
    place = await newPlace(kind);
    const deliver = (batch: HandlerBatch) => {
      delivered.push(batch);
      onDelivery(batch);
    };
    api = await startServer(place, { onHandlerEvents: deliver, environment: { ORDINAUT_BODY_LIMIT_BYTES: '2000000' } });
  });
  afterAll(async () => {
    await api?.server.stop();
    await place?.remove();
  });
  beforeEach(() => {
    delivered = [];
  });

  const handler = async (input: object): Promise<string> => {
    const { status, body } = await api.call<Handler>('POST', '/handlers', input);
    expect(status, JSON.stringify(body)).toBe(201);
    return body.id;
  };
  const post = async (id: string, body: string | Buffer | null, headers: Record<string, string> = {}, query = '') => {
    const response = await fetch(`${api.url}/handlers/${id}/events${query}`, {
      method: 'POST',
      headers,
      ...(body !== null && { body: body as string }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as never };
  };
  const postJson = (id: string, value: unknown, headers: Record<string, string> = {}, query = '') =>
    post(id, JSON.stringify(value), { 'content-type': 'application/json', ...headers }, query);
  const nextBatch = () =>
    new Promise<HandlerBatch>((resolve) => {
      onDelivery = resolve;
    });
  const listed = async (id: string, query = '') =>
    (await api.call<Page<HandlerEvent>>('GET', `/handlers/${id}/events${query}`)).body.items;

  test('the output becomes events, with all that the request says of them', async () => {
    const id = await handler({ pipeline: [transform('${event}')], params: { a: 1 } });
    const account = '0C6B1BA3-8C0B-4F0E-9D0C-5B6F1C1F0B11';
    const requestId = '1700000000,0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b12';
    const batch = nextBatch();
    const answer = await postJson(
      id,
      { n: [1, 2] },
      {
        'luna-event-time': '2026-03-01T10:00:00+01:00',
        'luna-event-end-time': '2026-03-01T09:00:05Z',
        'luna-account-id': account,
        'luna-request-id': requestId,
        'x-api-token': 'hidden',
        'x-hub-event': 'push',
      },
      '?source=door&user_data=u&external_id=e&track_id=t&tags=a,%20b&tags=c&tags=a',
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get('luna-request-id')).toBe(requestId);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    const { events, filtered } = answer.body as GeneratedEvents;
    expect(filtered).toBe(0);
    const [event] = events;
    const common = {
      handler_id: id,
      account_id: account.toLowerCase(),
      create_time: '2026-03-01T09:00:00.000Z',
      end_time: '2026-03-01T09:00:05.000Z',
      source: 'door',
      user_data: 'u',
      external_id: 'e',
      track_id: 't',
      tags: ['a', 'b', 'c'],
    };
    expect(event).toEqual({
      ...common,
      event_id: event!.event_id,
      url: `/handlers/events/${event!.event_id}`,
      data: {
        ...common,
        request_id: requestId,
        query: { source: 'door', user_data: 'u', external_id: 'e', track_id: 't', tags: ['a, b', 'c', 'a'] },
        headers: expect.objectContaining({ 'x-hub-event': 'push', 'content-type': 'application/json' }),
        content_type: 'application/json',
        encoding: 'json',
        body: { n: [1, 2] },
      },
    });
    expect(JSON.stringify(event)).not.toContain('hidden');
    expect((await api.call('GET', event!.url)).body).toEqual(event);
    expect(await listed(id)).toEqual([event]);
    expect(await batch).toEqual({
      kind: 'generated',
      events,
      bytes: Buffer.byteLength(JSON.stringify(event)),
      handlerId: id,
      accountId: account.toLowerCase(),
      requestId,
      createEventTime: common.create_time,
      endEventTime: common.end_time,
    });
  });

  test('a list `events`, a list, and anything else', async () => {
    const id = await handler({ pipeline: [transform('${event.body}')] });
    const made = async (value: unknown) => {
      const { events, filtered } = (await postJson(id, value)).body as GeneratedEvents;
      return [events.map(({ data }) => data), filtered];
    };
    expect(await made({ events: [{ a: 1 }, null, 2, false, 0, ''] })).toEqual([[{ a: 1 }, 2, 0, ''], 2]);
    expect(await made([1, null, [2]])).toEqual([[1, [2]], 1]);
    expect(await made({ events: 'no list' })).toEqual([[{ events: 'no list' }], 0]);
    expect(await made('text')).toEqual([['text'], 0]);
    expect(await made({ events: [] })).toEqual([[], 0]);
    delivered = [];
    expect(await made(false)).toEqual([[], 1]);
    expect(delivered).toEqual([]);
  });

  test('an empty pipeline, or one whose steps are skipped, makes nothing', async () => {
    for (const pipeline of [[], [{ ...transform(1), if: 'event.body.wanted' }]]) {
      const id = await handler({ pipeline });
      expect((await postJson(id, { wanted: false })).body).toEqual({ events: [], filtered: 1 });
      expect(await listed(id)).toEqual([]);
    }
  });

  test('bodies of every type, and none', async () => {
    const id = await handler({ pipeline: [transform('${event}', '{b: body, e: encoding, c: content_type}')] });
    const seen = async (body: string | Buffer | null, type?: string) => {
      const answer = await post(id, body, type === undefined ? {} : { 'content-type': type });
      return (answer.body as GeneratedEvents).events?.[0]?.data ?? answer.body;
    };
    expect(await seen('{"a":1}', 'application/cloudevents+json')).toMatchObject({ b: { a: 1 }, e: 'json' });
    expect(await seen('{"a":1}', 'text/plain')).toEqual({ b: '{"a":1}', e: 'text', c: 'text/plain' });
    expect(await seen('a=1&b=2', 'application/x-www-form-urlencoded')).toMatchObject({ b: 'a=1&b=2', e: 'text' });
    expect(await seen('<a/>', 'application/soap+xml')).toMatchObject({ b: '<a/>', e: 'text' });
    expect(await seen(Buffer.from([0xe9]), 'text/plain; charset=latin1')).toMatchObject({ b: 'é', e: 'text' });
    expect(await seen(Buffer.from([0, 255]), 'image/png')).toEqual({ b: 'AP8=', e: 'base64', c: 'image/png' });
    expect(await seen(Buffer.from('x'))).toEqual({ b: 'eA==', e: 'base64', c: null });
    expect(await seen(null)).toEqual({ b: null, e: null, c: null });
    expect(await seen('', 'application/json')).toMatchObject({ b: null, e: null });
    expect(await seen('{"a":', 'application/json')).toMatchObject({ error: 'bad_request' });
    expect(await seen(Buffer.from([0xe9]), 'text/plain')).toMatchObject({ error: 'bad_request' });
    expect(await seen('x', 'text/plain; charset=klingon')).toMatchObject({ error: 'unsupported_media_type' });
    // The other operations still take JSON alone.
    const other = await fetch(`${api.url}/handlers`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(other.status).toBe(415);
    const garbage = await post(id, 'x', { 'content-type': 'garbage' });
    expect([garbage.status, garbage.body]).toMatchObject([
      415,
      {
        error: 'unsupported_media_type',
        message: expect.stringMatching(/^`Content-Type: garbage` is no media type; any is taken/),
      },
    ]);
  });

  test('times that are not said are now, and on the right side of the one that is', async () => {
    const id = await handler({ pipeline: [transform(1)] });
    const times = async (headers: Record<string, string>) => {
      const { create_time, end_time } = ((await postJson(id, {}, headers)).body as GeneratedEvents).events[0]!;
      return [create_time, end_time];
    };
    const before = new Date().toISOString();
    const [create, end] = await times({});
    expect(create).toBe(end);
    expect(create! >= before).toBe(true);
    const future = '2099-01-01T00:00:00.000Z';
    expect(await times({ 'luna-event-time': future })).toEqual([future, future]);
    const past = '2001-01-01T00:00:00.000Z';
    expect(await times({ 'luna-event-end-time': past })).toEqual([past, past]);
    expect((await times({ 'luna-event-time': past }))[1]! >= before).toBe(true);
    const one = await postJson(id, {});
    expect((one.body as GeneratedEvents).events[0]!.account_id).toBe(NOBODY);
  });

  test('a request id that is none is replaced', async () => {
    const id = await handler({ pipeline: [transform(1)] });
    for (const given of ['x', '170000000,0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b12', '1700000000,0c6b1ba3']) {
      const { headers } = await postJson(id, {}, { 'luna-request-id': given });
      expect(headers.get('luna-request-id')).toMatch(/^\d{10},[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
    const missing = await api.call('GET', '/handlers/01890000-0000-7000-8000-000000000000');
    expect(missing.headers.get('luna-request-id')).toBeTruthy();
    const large = await post(id, 'x'.repeat(2_000_001), { 'content-type': 'text/plain' });
    expect(large.status).toBe(413);
    expect(large.headers.get('luna-request-id')).toBeTruthy();
  });

  test.each([
    ['Luna-Event-Time', { 'luna-event-time': 'yesterday' }, ''],
    ['Luna-Event-Time', { 'luna-event-time': '2026-03-01T09:00:00' }, ''],
    ['Luna-Event-End-Time', { 'luna-event-end-time': '1700000000' }, ''],
    [
      'Luna-Event-End-Time',
      { 'luna-event-time': '2026-03-01T09:00:01Z', 'luna-event-end-time': '2026-03-01T09:00:00Z' },
      '',
    ],
    ['Luna-Account-Id', { 'luna-account-id': 'me' }, ''],
    ['source', {}, `?source=${'x'.repeat(129)}`],
    ['user_data', {}, `?user_data=${'x'.repeat(129)}`],
    ['external_id', {}, `?external_id=${'x'.repeat(129)}`],
    ['track_id', {}, `?track_id=${'x'.repeat(129)}`],
    ['source', {}, '?source=a%00b'],
    ['source', {}, '?source=a&source=b'],
    ['tags[1]', {}, `?tags=a,${'x'.repeat(129)}`],
    ['tags', {}, `?tags=${Array.from({ length: 51 }, (_, n) => n)}`],
    ['tags', {}, '?tags=a%00'],
    ['tags[1]', {}, '?tags=a&tags=b%00'],
    ['sorce', {}, '?sorce=a'],
  ] as const)('%s is refused by its name: %j %s', async (field, headers, query) => {
    const id = await handler({ pipeline: [transform(1)] });
    const { status, body } = await postJson(id, {}, headers, query);
    expect(status).toBe(400);
    expect((body as ErrorBody).details).toMatchObject({ field });
    expect(await listed(id)).toEqual([]);
    expect(delivered).toEqual([]);
  });

  test('a dynamic handler takes its pipeline from the request, a static one refuses one', async () => {
    const dynamic = await handler({ is_dynamic: true, params: { a: 1, b: 1 } });
    const pipeline = [transform({ body: '${event.body}', params: '${params}' })];
    const made = await postJson(dynamic, { pipeline, params: { b: 2 }, body: [7] });
    expect(made.status).toBe(201);
    expect((made.body as GeneratedEvents).events[0]!.data).toEqual({ body: [7], params: { a: 1, b: 2 } });
    const issuesOf = async (id: string, value: unknown) => {
      const { status, body } = await postJson(id, value);
      expect(status).toBe(400);
      return ((body as ErrorBody).details.errors as FieldIssue[]).map(({ field }) => field);
    };
    expect(await issuesOf(dynamic, {})).toEqual(['pipeline']);
    expect(await issuesOf(dynamic, null)).toEqual(['pipeline']);
    expect(await issuesOf(dynamic, { pipeline: 'x' })).toEqual(['pipeline']);
    expect(await issuesOf(dynamic, { pipeline, params: 1, bdy: 1 })).toEqual(['bdy', 'params']);
    expect(await issuesOf(dynamic, { pipeline: [{ id: 'a', uses: 'core.ecko' }] })).toEqual(['pipeline[0].uses']);
    expect(await issuesOf(dynamic, { pipeline: [{ id: 'a', uses: 'approvals.request' }] })).toContain(
      'pipeline[0].uses',
    );
    expect((await post(dynamic, 'x', { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await post(dynamic, null)).status).toBe(400);
    const fixed = await handler({ pipeline: [transform(1)] });
    expect(await issuesOf(fixed, { pipeline })).toEqual(['pipeline']);
    // A field of that name is no pipeline.
    expect((await postJson(fixed, { pipeline: { id: 7 } })).status).toBe(201);
  });

  test('a pipeline that fails makes nothing and tells nobody, also what it had made before', async () => {
    const id = await handler({
      pipeline: [transform([1, 2]), { id: 'no', uses: 'core.fail', with: { message: 'Not today.' } }],
    });
    const { status, body } = await postJson(id, {});
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: 'pipeline_failed',
      message: expect.stringContaining('Not today.'),
      details: { code: 'failed_on_purpose', step_id: 'no', retryable: true },
    });
    expect(await listed(id)).toEqual([]);
    expect(delivered).toEqual([]);
    const topics = (await api.call<{ items: { topic: string }[] }>('GET', '/events/topics')).body.items;
    expect(topics.map(({ topic }) => topic)).not.toContain(`handler.${id}`);
  });

  test('expressions that find nothing fail with the step', async () => {
    const id = await handler({ pipeline: [transform('${params.missing}')] });
    expect((await postJson(id, {})).body).toMatchObject({
      error: 'pipeline_failed',
      details: { code: 'template_error', step_id: 'make' },
    });
  });

  test('a short wait is waited for, a long one is refused', async () => {
    const sleeping = (with_: object) =>
      handler({ pipeline: [{ id: 'nap', uses: 'core.sleep', with: with_ }, transform('${steps.nap.until}')] });
    const short = await postJson(await sleeping({ seconds: 0.05 }), {});
    expect((short.body as GeneratedEvents).events[0]!.data).toEqual(expect.stringContaining('T'));
    const long = await postJson(await sleeping({ until: '${event.body}' }), new Date(Date.now() + 60_000));
    expect(long.body).toMatchObject({
      error: 'pipeline_failed',
      message: expect.stringContaining('wants to wait until'),
      details: { step_id: 'nap' },
    });
  });

  test('too many events, and too large ones', async () => {
    const id = await handler({ pipeline: [transform('${event.body}')] });
    const many = await postJson(
      id,
      Array.from({ length: 501 }, (_, n) => n),
    );
    expect(many.status).toBe(422);
    expect(many.body).toMatchObject({ details: { code: 'output_too_large' } });
    expect((many.body as ErrorBody).message).toContain('There are 501 events');
    const large = await postJson(id, [1, 'x'.repeat(262_144)]);
    expect(large.body).toMatchObject({ details: { code: 'output_too_large' } });
    expect((large.body as ErrorBody).message).toContain('events[1] has');
    const whole = await postJson(id, 'x'.repeat(1_100_000));
    expect(whole.body).toMatchObject({ details: { code: 'output_too_large', step_id: 'make' } });
    expect(await listed(id)).toEqual([]);
    const most = await postJson(
      id,
      Array.from({ length: 500 }, (_, n) => n),
    );
    expect((most.body as GeneratedEvents).events).toHaveLength(500);
  });

  test('the same key gives the same events, and another query is another request', async () => {
    const id = await handler({ pipeline: [transform(1)] });
    const key = { 'idempotency-key': `once ${id}` };
    const first = await post(id, 'a', { ...key, 'content-type': 'text/plain' }, '?source=a');
    const again = await post(id, 'a', { ...key, 'content-type': 'text/plain' }, '?source=a');
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await listed(id)).toHaveLength(1);
    expect((await post(id, 'a', { ...key, 'content-type': 'text/plain' }, '?source=b')).status).toBe(409);
    expect((await post(id, 'b', { ...key, 'content-type': 'text/plain' }, '?source=a')).status).toBe(409);
  });

  test.each([
    ['content-type', 'text/plain', 'application/octet-stream'],
    ['luna-event-time', '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'],
    ['luna-event-end-time', '2098-01-01T00:00:00Z', '2098-01-02T00:00:00Z'],
    ['luna-account-id', '0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b11', '0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b12'],
  ])(
    'the same key with another %s is another request, which is not answered with the events of the first',
    async (name, one, other) => {
      const id = await handler({ pipeline: [transform('${event.body}')] });
      const ask = (value: string) =>
        post(id, 'a', { 'content-type': 'text/plain', 'idempotency-key': `headers ${id}`, [name]: value });
      const first = await ask(one);
      expect(first.status).toBe(201);
      expect(await ask(other)).toMatchObject({ status: 409, body: { error: 'conflict' } });
      const again = await ask(one);
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(await listed(id)).toHaveLength(1);
    },
  );

  test('a changed pipeline counts from the next request on', async () => {
    const id = await handler({ pipeline: [transform(1)] });
    const made = async () => ((await postJson(id, {})).body as GeneratedEvents).events[0]?.data;
    expect(await made()).toBe(1);
    await api.call('PATCH', `/handlers/${id}`, { pipeline: [transform(2)] });
    expect(await made()).toBe(2);
    await api.call('DELETE', `/handlers/${id}`);
    expect((await postJson(id, {})).status).toBe(404);
    // What it has made stays.
    expect(await listed(id)).toHaveLength(2);
  });

  test('a client that leaves gets no events made', async () => {
    const arrived = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const peer = await listen((request) => {
      request.socket.once('close', () => left.resolve());
      arrived.resolve();
    });
    const id = await handler({ pipeline: [{ id: 'ask', uses: 'http.request', with: { url: peer.url } }] });
    const stop = new AbortController();
    const asked = fetch(`${api.url}/handlers/${id}/events`, { method: 'POST', signal: stop.signal });
    await arrived.promise;
    stop.abort();
    await expect(asked).rejects.toThrow();
    await left.promise;
    await peer.close();
    expect(await listed(id)).toEqual([]);
    expect(delivered).toEqual([]);
  });

  test('events are listed by what they are, in pages', async () => {
    const id = await handler({ pipeline: [transform('${event.body}')] });
    const make = (n: number, query: string, time: string) => postJson(id, n, { 'luna-event-time': time }, query);
    await make(1, '?source=a&tags=x,y"z&track_id=t1', '2026-01-01T00:00:00Z');
    await make(2, '?source=b&tags=x&external_id=e', '2026-01-02T00:00:00Z');
    await make(3, '?source=a&tags=X,xx', '2026-01-03T00:00:00Z');
    const found = async (query: string) => (await listed(id, query)).map(({ data }) => data);
    expect(await found('')).toEqual([3, 2, 1]);
    expect(await found('?source=a')).toEqual([3, 1]);
    expect(await found('?external_id=e')).toEqual([2]);
    expect(await found('?track_id=t1')).toEqual([1]);
    expect(await found('?tags=x')).toEqual([2, 1]);
    expect(await found('?tags=x,y%22z')).toEqual([1]);
    expect(await found('?tags=z')).toEqual([]);
    expect(await found('?tags=X&source=a')).toEqual([3]);
    expect(await found('?since=2026-01-02T00:00:00Z')).toEqual([3, 2]);
    expect(await found('?until=2026-01-02T00:00:00Z')).toEqual([1]);
    const page = (await api.call<Page<HandlerEvent>>('GET', `/handlers/${id}/events?limit=2`)).body;
    expect(page).toMatchObject({ total: 3, has_more: true });
    const next = `/handlers/${id}/events?limit=2&cursor=${page.next_cursor}`;
    expect((await api.call<Page<HandlerEvent>>('GET', next)).body.items.map(({ data }) => data)).toEqual([1]);
    for (const query of ['?since=x', '?limit=0', '?cursor=x', '?sort=a', `?tags=${'x'.repeat(129)}`])
      expect((await api.call('GET', `/handlers/${id}/events${query}`)).status, query).toBe(400);
  });
});
