import type { ErrorBody, EventList, FieldIssue, Handler, OperationResult, Page } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, logIn, newUser, withLogin } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const echo = { id: 'say', uses: 'core.echo', with: { got: '${event.body}' } };
const pipeline = [echo];
const unknownId = '01890000-0000-7000-8000-000000000000';

describeStores('handlers', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place);
  });
  afterAll(async () => {
    await api?.server.stop();
    await place?.remove();
  });

  const create = async (input: object): Promise<Handler> => {
    const { status, body } = await api.call<Handler>('POST', '/handlers', input);
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  };
  const issuesOf = async (method: string, path: string, input: unknown): Promise<Record<string, string>> => {
    const { status, body } = await api.call<ErrorBody>(method, path, input);
    expect(status, JSON.stringify(body)).toBe(400);
    return Object.fromEntries((body.details.errors as FieldIssue[]).map(({ field, issue }) => [field, issue]));
  };

  test('a handler is shown as it was made, changed and deleted', async () => {
    const made = await create({ description: 'Deploys', pipeline, params: { env: 'prod' } });
    expect(made).toMatchObject({
      description: 'Deploys',
      pipeline,
      params: { env: 'prod' },
      is_dynamic: false,
      created_by: null,
      version: 1,
    });
    expect((await api.call('GET', `/api/v1/handlers/${made.id}`)).body).toEqual(made);
    const changed = await api.call<Handler>('PATCH', `/handlers/${made.id}`, { params: { env: 'test' } });
    expect(changed.body).toMatchObject({ description: 'Deploys', pipeline, params: { env: 'test' }, version: 2 });
    const replaced = await api.call<Handler>('PUT', `/handlers/${made.id}`, { description: null });
    expect(replaced.body).toMatchObject({ description: null, params: { env: 'test' }, version: 3 });
    const deleted = await api.call<OperationResult>('DELETE', `/handlers/${made.id}`);
    expect(deleted).toMatchObject({ status: 200, body: { success: true, details: { handler_id: made.id } } });
    for (const method of ['GET', 'DELETE', 'PATCH'] as const) {
      const answer = await api.call(method, `/handlers/${made.id}`, method === 'PATCH' ? {} : undefined);
      expect(answer.status).toBe(404);
    }
  });

  test('lists the newest first, in pages and by what they are', async () => {
    const first = await create({ pipeline });
    const second = await create({ is_dynamic: true });
    const third = await create({ pipeline });
    const page = await api.call<Page<Handler>>('GET', '/handlers?limit=2');
    expect(page.body.items.map(({ id }) => id)).toEqual([third.id, second.id]);
    const next = await api.call<Page<Handler>>('GET', `/handlers?limit=1&cursor=${page.body.next_cursor}`);
    expect(next.body.items.map(({ id }) => id)).toEqual([first.id]);
    const dynamic = await api.call<Page<Handler>>('GET', '/handlers?is_dynamic=true');
    expect(dynamic.body.items.map(({ id }) => id)).toEqual([second.id]);
  });

  test('a pipeline is checked when it is written, and every field is named', async () => {
    const wrong = await issuesOf('POST', '/handlers', {
      descriptoin: 'x',
      pipeline: [
        { id: 'a', uses: 'core.ecko', with: { text: '${events.body}' } },
        { id: 'a', uses: 'core.echo', if: 'steps.zzz' },
        { id: 'b', uses: 'core.sleep', with: { seconds: 30 } },
        { id: 'c', uses: 'core.sleep', with: { seconds: 29 } },
      ],
    });
    expect(Object.keys(wrong).toSorted()).toEqual([
      'descriptoin',
      'pipeline[0].uses',
      'pipeline[0].with.text',
      'pipeline[1].id',
      'pipeline[1].if',
      'pipeline[2].with.seconds',
    ]);
    expect(wrong['pipeline[0].uses']).toContain('Did you mean core.echo?');
    expect(wrong['pipeline[0].with.text']).toContain('Did you mean event?');
    expect(wrong['pipeline[2].with.seconds']).toContain('answers within 30 s');
    expect(await issuesOf('POST', '/handlers', {})).toEqual({ pipeline: expect.stringContaining('is required') });
    expect(await issuesOf('POST', '/handlers', [])).toHaveProperty(['']);
    expect(await issuesOf('POST', '/handlers', { pipeline, is_dynamic: true })).toEqual({
      pipeline: expect.stringContaining('leave it out'),
    });
    expect(await issuesOf('POST', '/handlers', { pipeline, is_dynamic: 'yes' })).toHaveProperty('is_dynamic');
    expect(await issuesOf('POST', '/handlers', { pipeline, params: [] })).toHaveProperty('params');
  });

  test('a step that waits for somebody is refused, also where its tool is not there yet', async () => {
    const wrong = await issuesOf('POST', '/handlers', {
      pipeline: [{ id: 'ask', uses: 'approvals.request', with: {} }],
      allow_unknown_tools: true,
    });
    expect(wrong['pipeline[0].uses']).toContain('waits for somebody');
  });

  test('only the pipelines of handlers see `event`', async () => {
    const task = { title: 'x', schedule_kind: 'once', schedule_expr: '2099-01-01T00:00:00Z', payload: { pipeline } };
    expect(await issuesOf('POST', '/tasks', task)).toEqual({
      'payload.pipeline[0].with.got': expect.stringContaining('there is no `event` here'),
    });
  });

  test('a handler becomes dynamic and static again', async () => {
    const { id } = await create({ pipeline });
    const dynamic = await api.call<Handler>('PATCH', `/handlers/${id}`, { is_dynamic: true });
    expect(dynamic.body).toMatchObject({ is_dynamic: true, pipeline: null });
    expect(await issuesOf('PATCH', `/handlers/${id}`, { is_dynamic: false })).toHaveProperty('pipeline');
    expect(await issuesOf('PATCH', `/handlers/${id}`, { pipeline })).toHaveProperty('pipeline');
    const again = await api.call<Handler>('PATCH', `/handlers/${id}`, { is_dynamic: false, pipeline });
    expect(again.body).toMatchObject({ is_dynamic: false, pipeline });
  });

  test('what is not there is told as such', async () => {
    for (const [method, path, body] of [
      ['GET', `/handlers/${unknownId}`],
      ['PATCH', `/handlers/${unknownId}`, {}],
      ['DELETE', `/handlers/${unknownId}`],
      ['GET', `/handlers/${unknownId}/events`],
      ['GET', `/handlers/events/${unknownId}`],
      ['POST', `/handlers/${unknownId}/events`, {}],
      ['POST', `/handlers/${unknownId}/events/raw`, { events: [{ data: 1 }] }],
    ] as const) {
      const answer = await api.call<ErrorBody>(method, path, body);
      expect([answer.status, answer.body.error], `${method} ${path}`).toEqual([404, 'not_found']);
    }
  });
});

describeStores('who may do what with handlers', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let admin: string;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin() });
    admin = (await logIn(api)).access_token;
  });
  afterAll(async () => {
    await api?.server.stop();
    await place?.remove();
  });

  const publishing = [{ id: 'tell', uses: 'events.publish', with: { topic: 'told', payload: '${event.body}' } }];
  const userWith = async (username: string, scopes: string[]) => {
    const { tokens } = await newUser(api, admin, { username, scopes });
    return bearer(tokens.access_token);
  };

  test('a pipeline has the rights of its author: no more when it is written, and no less when others call it', async () => {
    const writer = await userWith('writer', ['handlers:*']);
    const refused = await api.call<ErrorBody>('POST', '/handlers', { pipeline: publishing }, writer);
    expect(refused).toMatchObject({
      status: 403,
      body: { details: { required_scopes: ['events:publish'], errors: [{ field: 'pipeline[0].uses' }] } },
    });
    const made = await api.call<Handler>('POST', '/handlers', { pipeline: publishing }, bearer(admin));
    expect(made.body.created_by).toBe('admin');
    const caller = await userWith('caller', ['handlers:run']);
    const called = await api.call('POST', `/handlers/${made.body.id}/events`, { n: 1 }, caller);
    expect(called.status).toBe(201);
    // Leaving the pipeline as it is does not make its editor the author.
    await api.call('PATCH', `/handlers/${made.body.id}`, { description: 'mine' }, writer);
    expect((await api.call('POST', `/handlers/${made.body.id}/events`, {}, caller)).status).toBe(201);
    const rewritten = { pipeline: [{ ...publishing[0], id: 'other' }] };
    const denied = await api.call('PATCH', `/handlers/${made.body.id}`, rewritten, writer);
    expect(denied.status).toBe(403);
  });

  test('whoever changes the params has them used with their own rights, as with the pipeline', async () => {
    const topic = [{ id: 'tell', uses: 'events.publish', with: { topic: '${params.topic}', payload: 1 } }];
    const input = { pipeline: topic, params: { topic: 'told' } };
    const { body: made } = await api.call<Handler>('POST', '/handlers', input, bearer(admin));
    const editor = await userWith('editor', ['handlers:*']);
    const path = `/handlers/${made.id}`;
    const denied = await api.call<ErrorBody>('PATCH', path, { params: { topic: 'mine' } }, editor);
    expect(denied).toMatchObject({
      status: 403,
      body: { details: { required_scopes: ['events:publish'], errors: [{ field: 'pipeline[0].uses' }] } },
    });
    expect((await api.call('GET', path, undefined, editor)).body).toEqual(made);
    expect((await api.call('PATCH', path, { params: made.params, description: 'same' }, editor)).status).toBe(200);
    expect((await api.call('POST', `${path}/events`, 1, editor)).status).toBe(201);

    const both = await userWith('both', ['handlers:*', 'events:publish']);
    expect((await api.call('PATCH', path, { params: { topic: 'theirs' } }, both)).status).toBe(200);
    expect((await api.call('POST', `${path}/events`, 1, editor)).status).toBe(201);
    const recent = await api.call<EventList>('GET', '/events/stream/recent', undefined, bearer(admin));
    const shown = recent.body.items.map(({ topic, source }) => [topic, source]);
    expect(shown.filter(([topic]) => topic === 'told' || topic === 'theirs')).toEqual(
      expect.arrayContaining([
        ['theirs', 'both'],
        ['told', 'admin'],
      ]),
    );
  });

  test('a dynamic pipeline has the rights of who brings it', async () => {
    const { body } = await api.call<Handler>('POST', '/handlers', { is_dynamic: true }, bearer(admin));
    const caller = await userWith('bringer', ['handlers:run']);
    const refused = await api.call<ErrorBody>('POST', `/handlers/${body.id}/events`, { pipeline: publishing }, caller);
    expect(refused).toMatchObject({ status: 403, body: { details: { errors: [{ field: 'pipeline[0].uses' }] } } });
    const taken = await api.call('POST', `/handlers/${body.id}/events`, { pipeline: publishing }, bearer(admin));
    expect(taken.status).toBe(201);
  });

  test('events are on the account of who asks, and every answer has its id', async () => {
    const { body } = await api.call<Handler>('POST', '/handlers', { pipeline }, bearer(admin));
    const { body: me } = await api.call<{ id: string }>('GET', '/users/me', undefined, bearer(admin));
    const made = await api.call<{ events: { account_id: string }[] }>(
      'POST',
      `/handlers/${body.id}/events`,
      1,
      bearer(admin),
    );
    expect(made.body.events[0]!.account_id).toBe(me.id);
    const id = '1700000000,0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b11';
    const refused = await api.call('POST', `/handlers/${body.id}/events`, 1, { 'luna-request-id': id });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('luna-request-id')).toBe(id);
    expect((await api.call('GET', '/tasks')).headers.has('luna-request-id')).toBe(false);
  });

  test('their events are for those who may see handlers, and so are tasks on them', async () => {
    const { body } = await api.call<Handler>('POST', '/handlers', { pipeline }, bearer(admin));
    const blind = await userWith('blind', ['events:read', 'tasks:create', 'tools:call']);
    const seeing = await userWith('seeing', ['events:read', 'tasks:create', 'tools:call', 'handlers:read']);
    const onTopic = (event_topic: string, headers: Record<string, string>) => {
      const task = { title: 't', schedule_kind: 'event', event_topic, payload: { pipeline: [] } };
      return api.call<ErrorBody>('POST', '/tasks', task, headers);
    };
    for (const topic of ['handler.*', 'h*.*', `handler.${body.id}`, 'handler.**']) {
      const refused = await onTopic(topic, blind);
      expect(refused, topic).toMatchObject({ status: 403, body: { details: { required_scopes: ['handlers:read'] } } });
      expect((await onTopic(topic, seeing)).status, topic).toBe(201);
    }
    expect((await onTopic('deploy.*', blind)).status).toBe(201);
    const follow = await fetch(`${api.url}/events/stream?topic=handler.*`, { headers: blind });
    expect(follow.status).toBe(403);
  });

  test('the audit log tells of calls without what was in them', async () => {
    const { body } = await api.call<Handler>('POST', '/handlers', { pipeline }, bearer(admin));
    await api.call('POST', `/handlers/${body.id}/events`, { private_name: 1 }, bearer(admin));
    const log = await api.call('GET', '/audit?action=handlers.generate&limit=1', undefined, bearer(admin));
    expect(log.body).toMatchObject({ items: [{ action: 'handlers.generate', target: body.id, fields: null }] });
  });
});
