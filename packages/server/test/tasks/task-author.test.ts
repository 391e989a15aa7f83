import type { CreatedApiKey, ErrorBody, Page, Run, Task } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bearer, logIn, newUser, withLogin } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const inputs: Record<string, Record<string, unknown>> = {
  create_task: { title: 'x', schedule: '0 9 * * *' },
  'events.publish': { topic: 'x' },
  // Known to be no id of a run when the step is reached, and not before.
  cancel_run: { run_id: '${`7`}' },
};
const withPipeline = (...uses: string[]) => ({
  title: 'authored',
  schedule_kind: 'once',
  schedule_expr: '2099-01-01T00:00:00Z',
  payload: {
    pipeline: uses.map((tool, index) => ({
      id: `s${index}`,
      uses: tool,
      with: inputs[tool] ?? {},
    })),
  },
});

describeStores('a task may do what its author might', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let admin: Record<string, string>;
  let author: Record<string, string>;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin() });
    const { access_token } = await logIn(api);
    admin = bearer(access_token);
    const scopes = ['tasks:create', 'tasks:read', 'tasks:update', 'tasks:run', 'runs:read', 'tools:call'];
    author = bearer((await newUser(api, access_token, { username: 'author', scopes })).tokens.access_token);
  });
  afterAll(async () => {
    await api.server.stop();
    await place.remove();
  });
  const create = (headers: Record<string, string>, body: object) =>
    api.call<Task & ErrorBody>('POST', '/tasks', body, headers);
  const run = async (id: string): Promise<Run> => {
    const queued = await api.call<{ details: { run_id: string } }>('POST', `/tasks/${id}/run_now`, undefined, admin);
    const path = `/runs/${queued.body.details.run_id}`;
    await (await fetch(`${api.url}${path}/stream`, { headers: admin })).text();
    return (await api.call<Run>('GET', path, undefined, admin)).body;
  };

  test('tools that the author may not call are refused where the task is written', async () => {
    const refused = await create(author, withPipeline('list_tasks', 'events.publish', 'cancel_run'));
    expect([refused.status, refused.body.error]).toEqual([403, 'forbidden']);
    expect(refused.body.details.required_scopes).toEqual(['events:publish', 'runs:cancel']);
    expect(refused.body.details.errors).toEqual([
      { field: 'payload.pipeline[1].uses', issue: 'is events.publish, which needs events:publish' },
      { field: 'payload.pipeline[2].uses', issue: 'is cancel_run, which needs runs:cancel' },
    ]);
    const fine = await create(author, withPipeline('list_tasks', 'core.echo'));
    expect([fine.status, fine.body.created_by]).toEqual([201, 'author']);
    expect((await run(fine.body.id)).status).toBe('succeeded');
  });

  test('a changed pipeline belongs to whoever changed it, an unchanged one stays', async () => {
    const { body: task } = await create(admin, withPipeline('cancel_run'));
    const patch = (body: object) => api.call<ErrorBody>('PATCH', `/tasks/${task.id}`, body, author);
    expect((await patch({ title: 'renamed', max_retries: 0 })).status).toBe(200);
    expect((await patch({ payload: withPipeline('cancel_run', 'core.echo').payload })).status).toBe(403);
    const failed = await run(task.id);
    // It was allowed to call the tool, which only did not like its input.
    expect(failed.error?.code).toBe('input_invalid');
  });

  test('what a task makes may do no more than the task', async () => {
    const key = await api.call<CreatedApiKey>('POST', '/auth/api-keys', { name: 'x', scopes: ['tasks:create'] }, admin);
    const narrow = { 'x-api-key': key.body.api_key };
    const pipeline = [
      {
        id: 'make',
        uses: 'create_task',
        with: {
          title: 'made',
          schedule: '0 9 * * *',
          pipeline: [{ id: 'a', uses: 'cancel_run', with: { run_id: '01900000-0000-7000-8000-000000000000' } }],
        },
      },
    ];
    const { body: task, status } = await create(narrow, { ...withPipeline(), max_retries: 0, payload: { pipeline } });
    expect(status).toBe(201);
    const failed = await run(task.id);
    expect(failed.status).toBe('failed');
    expect(failed.error?.message).toContain('runs:cancel');
  });

  test('a tool that asks for nothing still wants tools:call', async () => {
    const key = await api.call<CreatedApiKey>('POST', '/auth/api-keys', { name: 'x', scopes: ['tasks:create'] }, admin);
    const refused = await create({ 'x-api-key': key.body.api_key }, withPipeline('core.echo'));
    expect([refused.status, refused.body.details.required_scopes]).toEqual([403, ['tools:call']]);
  });

  test('what a task makes is by its author', async () => {
    const { body: task } = await create(author, withPipeline('create_task'));
    await run(task.id);
    const forged = withPipeline('create_task');
    forged.payload.pipeline[0]!.with = { title: 'forged', schedule: '0 9 * * *', created_by: 'admin' } as never;
    const { body: forging } = await create(author, { ...forged, max_retries: 0 });
    expect((await run(forging.id)).error?.message).toContain('you are author');
    const { body } = await api.call<Page<Task>>('GET', '/tasks?created_by=author&limit=200', undefined, admin);
    expect(body.items.map(({ title }) => title)).toContain('x');
  });

  test('nobody speaks for somebody else', async () => {
    const asOther = await create(author, { ...withPipeline(), created_by: 'admin' });
    expect([asOther.status, asOther.body.details.field]).toEqual([400, 'created_by']);
    expect((await create(author, { ...withPipeline(), created_by: 'author' })).status).toBe(201);
    expect((await create(admin, { ...withPipeline(), created_by: 'import' })).body.created_by).toBe('import');
  });
});
