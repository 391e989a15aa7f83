import type { Approval, ErrorBody, EventList, FieldIssue, Page, Run, Task, ToolCallResult } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestApi } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { after, ask, askedBy, askWith, decide, parked } from './asking.ts';

const DAY = 86_400_000;

describeStores('approvals', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let clock: ReturnType<typeof shiftedClock>;
  beforeEach(async () => {
    place = await newPlace(kind);
    clock = shiftedClock();
    api = await startServer(place, { clock });
  });
  afterEach(async () => {
    await api.server.stop();
    await place.remove();
  });

  const get = async (id: string) => (await api.call<Approval>('GET', `/approvals/${id}`)).body;
  /** Days later; a short sleep has the worker look at its clock. */
  async function later(ms: number): Promise<void> {
    clock.shift(ms);
    await parked(api, await api.runNow((await nap(api)).id));
  }
  /** The events of approvals in order, as soon as there are `count`: they are noted with the change, and put into the log after it. */
  async function topics(count: number): Promise<{ topic: string; data: Record<string, unknown> }[]> {
    for (;;) {
      const { body } = await api.call<EventList>('GET', '/events/stream/recent?count=1000');
      const found = body.items.filter(({ topic }) => topic.startsWith('approval.')).reverse();
      if (found.length >= count)
        return found.map(({ topic, data }) => ({ topic, data: data as Record<string, unknown> }));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('the run waits, and an approval is the output of the step', async () => {
    const asking = ask({ title: 'Deploy ${params.version}?', message: 'To production.', details: { diff: 'none' } });
    const task = await api.createTask({ payload: { params: { version: '1.2' }, pipeline: [asking, after] } });
    const { run, approval } = await askedBy(api, await api.runNow(task.id));
    expect(run.steps).toMatchObject([{ id: 'ask', status: 'waiting', approval_id: approval.id, output: null }]);
    expect(run.wake_at).toBe(approval.expires_at);
    expect(approval).toMatchObject({
      run_id: run.id,
      task_id: task.id,
      step_id: 'ask',
      status: 'pending',
      title: 'Deploy 1.2?',
      message: 'To production.',
      details: { diff: 'none' },
      approvers: [],
      allow_self: true,
      on_reject: 'fail',
      on_expiry: 'fail',
      requested_by: null,
      decided_by: null,
      comment: null,
      decided_at: null,
    });
    expect(Date.parse(approval.expires_at) - Date.parse(approval.created_at)).toBeGreaterThan(7 * DAY - 60_000);
    const decided = await decide(api, 'approve', approval.id, ' Fine. ');
    expect(decided).toMatchObject({ status: 200, body: { status: 'approved', comment: 'Fine.' } });
    expect(await get(approval.id)).toEqual(decided.body);
    const over = await api.ended(run.id);
    expect(over).toMatchObject({ status: 'succeeded', attempt: 1, output: { value: 'approved' } });
    expect(over.steps[0]).toMatchObject({
      status: 'succeeded',
      approval_id: approval.id,
      output: {
        approval_id: approval.id,
        status: 'approved',
        decision: 'approved',
        decided_by: null,
        comment: 'Fine.',
        decided_at: decided.body.decided_at,
      },
    });
    expect(over.steps[0]).not.toHaveProperty('wake_at');
  });

  test('a rejection fails the run, once and for good, with the reason', async () => {
    const { run, approval } = await askWith(api, ask({}, { max_retries: 3 }), after);
    expect((await decide(api, 'reject', approval.id, 'Not on a Friday')).status).toBe(200);
    const over = await api.ended(run.id);
    const error = {
      code: 'approval_rejected',
      message: 'Somebody has rejected "Deploy?": Not on a Friday',
      step_id: 'ask',
    };
    expect(over).toMatchObject({ status: 'failed', attempt: 1, error });
    expect(over.steps).toMatchObject([{ id: 'ask', status: 'failed', error, approval_id: approval.id }]);
  });

  test('a rejection may be an output, or a failure that is tolerated', async () => {
    const first = await askWith(api, ask({ on_reject: 'continue' }), after);
    await decide(api, 'reject', first.approval.id);
    expect(await api.ended(first.run.id)).toMatchObject({ status: 'succeeded', output: { value: 'rejected' } });
    const tell = { id: 'tell', uses: 'core.echo', with: { value: '${errors.ask.code}' } };
    const second = await askWith(api, ask({}, { on_error: 'continue' }), tell);
    await decide(api, 'reject', second.approval.id);
    expect(await api.ended(second.run.id)).toMatchObject({
      status: 'succeeded',
      output: { value: 'approval_rejected' },
    });
  });

  test.each([
    [{}, { status: 'failed', error: { code: 'approval_expired' } }],
    [
      { on_expiry: 'fail', on_reject: 'continue' },
      { status: 'failed', error: { code: 'approval_expired' } },
    ],
    [{ on_expiry: 'reject' }, { status: 'failed', error: { code: 'approval_rejected' } }],
    [
      { on_expiry: 'reject', on_reject: 'continue' },
      { status: 'succeeded', output: { value: 'rejected' } },
    ],
    [{ on_expiry: 'approve' }, { status: 'succeeded', output: { value: 'approved' } }],
  ])('expires by the clock: %j', async (input, outcome) => {
    const { run, approval } = await askWith(api, ask({ ...input, expires_in_seconds: 3 * 86_400 }), after);
    await later(2 * DAY);
    expect(await get(approval.id)).toMatchObject({ status: 'pending' });
    await later(2 * DAY);
    expect(await api.ended(run.id)).toMatchObject({ attempt: 1, ...outcome });
    expect(await get(approval.id)).toMatchObject({ status: 'expired', decided_by: null });
    expect((await topics(2)).map(({ topic }) => topic)).toEqual(['approval.requested', 'approval.expired']);
    const late = await decide<ErrorBody>(api, 'approve', approval.id);
    expect(late).toMatchObject({ status: 409, body: { error: 'conflict', details: { status: 'expired' } } });
  });

  test('a decision that comes too late is refused even where nothing has looked at the clock', async () => {
    const { run, approval } = await askWith(api, ask({ expires_in_seconds: 60 }), after);
    clock.shift(61_000);
    const late = await decide<ErrorBody>(api, 'approve', approval.id);
    expect(late).toMatchObject({ status: 409, body: { details: { status: 'expired' } } });
    expect(await api.ended(run.id)).toMatchObject({ status: 'failed', error: { code: 'approval_expired' } });
  });

  test('the same decision again changes nothing, another one is refused', async () => {
    const { run, approval } = await askWith(api, ask());
    const first = await decide(api, 'approve', approval.id, 'one');
    expect(await decide(api, 'approve', approval.id, 'two')).toMatchObject({ status: 200, body: first.body });
    await api.ended(run.id);
    expect((await decide(api, 'approve', approval.id)).body).toEqual(first.body);
    const other = await decide<ErrorBody>(api, 'reject', approval.id);
    expect(other).toMatchObject({ status: 409, body: { details: { status: 'approved', run_id: run.id } } });
    expect(other.body.message).toContain('was approved by somebody');
  });

  test('of decisions at the same moment exactly one wins', async () => {
    for (let round = 0; round < 5; round++) {
      const { run, approval } = await askWith(api, ask({ on_reject: 'continue' }), after);
      const verbs = Array.from({ length: 20 }, (_, n): 'approve' | 'reject' => (n % 2 === 0 ? 'approve' : 'reject'));
      const answers = await Promise.all(verbs.map((verb) => decide(api, verb, approval.id)));
      const { status } = await get(approval.id);
      // Nobody is known here, so that everybody who says the same is the same.
      const won = status === 'approved' ? 'approve' : 'reject';
      expect(answers.map((answer) => answer.status)).toEqual(verbs.map((verb) => (verb === won ? 200 : 409)));
      expect(await api.ended(run.id)).toMatchObject({ status: 'succeeded', output: { value: status } });
    }
    expect((await topics(10)).filter(({ topic }) => topic !== 'approval.requested')).toHaveLength(5);
  });

  test('what a canceled run or task asks is canceled with it', async () => {
    const { run, approval } = await askWith(api, ask());
    expect((await api.call('POST', `/runs/${run.id}/cancel`)).status).toBe(202);
    expect(await get(approval.id)).toMatchObject({ status: 'canceled', decided_by: null });
    const late = await decide<ErrorBody>(api, 'approve', approval.id);
    expect(late).toMatchObject({ status: 409, body: { details: { status: 'canceled' } } });
    const other = await askWith(api, ask());
    await api.call('DELETE', `/tasks/${other.run.task_id}`);
    expect(await get(other.approval.id)).toMatchObject({ status: 'canceled' });
    expect(await api.ended(other.run.id)).toMatchObject({ status: 'canceled' });
    expect((await topics(4)).map(({ topic }) => topic)).toEqual(
      ['requested', 'canceled', 'requested', 'canceled'].map((name) => `approval.${name}`),
    );
  });

  test('a cancellation and a decision at the same moment have one end', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => askWith(api, ask(), after)));
    await Promise.all(
      asked.flatMap(({ run, approval }) => [
        decide(api, 'approve', approval.id),
        api.call('POST', `/runs/${run.id}/cancel`),
      ]),
    );
    for (const { run, approval } of asked) {
      const over = await api.ended(run.id);
      const { status } = await get(approval.id);
      if (status === 'canceled') expect(over).toMatchObject({ status: 'canceled' });
      else
        expect([status, over.error?.code ?? null]).toEqual([
          'approved',
          over.status === 'canceled' ? 'canceled' : null,
        ]);
    }
  });

  test('a run that is retried asks again, and one that fails later does not', async () => {
    const { run, approval } = await askWith(api, ask());
    await decide(api, 'reject', approval.id);
    await api.ended(run.id);
    const again = await api.call<{ details: { run_id: string } }>('POST', `/runs/${run.id}/retry`);
    const second = await askedBy(api, again.body.details.run_id);
    expect(second.approval.id).not.toBe(approval.id);
    await decide(api, 'approve', second.approval.id);
    expect(await api.ended(second.run.id)).toMatchObject({ status: 'succeeded' });

    const task = await api.createTask({
      max_retries: 1,
      backoff_strategy: 'fixed',
      payload: { pipeline: [ask(), { id: 'no', uses: 'core.fail', with: {} }] },
    });
    const failing = await askedBy(api, await api.runNow(task.id));
    await decide(api, 'approve', failing.approval.id);
    expect(await api.ended(failing.run.id)).toMatchObject({ status: 'failed', attempt: 2 });
    const { body } = await api.call<Page<Approval>>('GET', `/approvals?task_id=${task.id}`);
    expect(body.items.map(({ id }) => id)).toEqual([failing.approval.id]);
  });

  test('one run asks as often as it has steps that ask', async () => {
    const second = { ...ask({ title: 'Sure?' }), id: 'again' };
    const { run, approval } = await askWith(api, ask(), second);
    await decide(api, 'approve', approval.id);
    const next = await nextOf(api, run.id, approval.id);
    expect(next).toMatchObject({ step_id: 'again', title: 'Sure?', status: 'pending' });
    // The first one is decided, which does not wake a run that waits for the second.
    await decide(api, 'approve', approval.id);
    expect((await api.call<Run>('GET', `/runs/${run.id}`)).body.status).toBe('waiting');
    await decide(api, 'approve', next.id);
    expect(await api.ended(run.id)).toMatchObject({ status: 'succeeded', output: { approval_id: next.id } });
  });

  test('what is asked survives a restart, and is answered after it', async () => {
    const { run, approval } = await askWith(api, ask({ expires_in_seconds: 86_400 }), after);
    const doomed = await askWith(api, ask({ expires_in_seconds: 60 }), after);
    await api.server.stop();
    clock.shift(120_000);
    api = await startServer(place, { clock });
    expect(await get(approval.id)).toEqual(approval);
    expect(await api.ended(doomed.run.id)).toMatchObject({ status: 'failed', error: { code: 'approval_expired' } });
    await decide(api, 'approve', approval.id);
    expect(await api.ended(run.id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect((await api.call<Page<Approval>>('GET', '/approvals')).body.total).toBe(2);
  });

  test('every change is an event, which a task can tell somebody of', async () => {
    const told = await api.createTask({
      schedule_kind: 'condition',
      schedule_expr: "payload.title == 'Pay?'",
      event_topic: 'approval.*',
      payload: { pipeline: [{ id: 'tell', uses: 'core.echo', with: { value: '${params.event}' } }] },
    });
    const { run, approval } = await askWith(api, ask({ title: 'Pay?' }));
    await decide(api, 'reject', approval.id, 'No money');
    const runs = await api.runsOf(told.id, 2);
    const data = {
      approval_id: approval.id,
      run_id: run.id,
      task_id: run.task_id,
      step_id: 'ask',
      title: 'Pay?',
      approvers: [],
      requested_by: null,
      expires_at: approval.expires_at,
    };
    expect(await topics(2)).toEqual([
      { topic: 'approval.requested', data },
      { topic: 'approval.rejected', data: { ...data, decided_by: null, comment: 'No money' } },
    ]);
    expect(runs.map((each) => (each.params as { event: object }).event)).toMatchObject([
      { topic: 'approval.requested', payload: data },
      { topic: 'approval.rejected', payload: { comment: 'No money' } },
    ]);
    const outside = await api.call<ErrorBody>('POST', '/events', { topic: 'approval.approved' });
    expect(outside).toMatchObject({ status: 400, body: { details: { field: 'topic' } } });
  });

  test('lists by status, run and task, page by page', async () => {
    const task = await api.createTask({ payload: { pipeline: [ask({ title: '${params.n}' })] } });
    const asked = [];
    for (let n = 0; n < 5; n++) asked.push(await askedBy(api, await api.runNow(task.id, { n: `Q${n}` })));
    await decide(api, 'approve', asked[0]!.approval.id);
    const list = async (query: string) => (await api.call<Page<Approval>>('GET', `/approvals?${query}`)).body;
    expect((await list('status=pending')).items.map(({ title }) => title)).toEqual(['Q4', 'Q3', 'Q2', 'Q1']);
    expect((await list('status=approved')).items.map(({ title }) => title)).toEqual(['Q0']);
    expect(await list(`run_id=${asked[2]!.run.id}`)).toMatchObject({ total: 1, items: [{ title: 'Q2' }] });
    const first = await list(`task_id=${task.id}&limit=3`);
    expect(first).toMatchObject({ total: 5, has_more: true });
    const rest = await list(`task_id=${task.id}&limit=3&cursor=${first.next_cursor}`);
    expect(rest.items.map(({ title }) => title)).toEqual(['Q1', 'Q0']);
    expect((await list(`task_id=${asked[0]!.run.id}`)).items).toEqual([]);
    expect(await fetch(`${api.url}/ext/observability/metrics`).then((answer) => answer.text())).toMatch(
      /approvals_pending 4$/m,
    );
  });

  test('secrets among the details are hidden', async () => {
    const { run, approval } = await askWith(
      api,
      ask({ details: { user: 'ada', password: 'hunter2', list: [{ api_key: 'k-123' }] } }),
    );
    expect(approval.details).toEqual({ user: 'ada', password: '********', list: [{ api_key: '********' }] });
    const everything = JSON.stringify([run, approval, await topics(1)]);
    expect(everything).not.toMatch(/hunter2|k-123/);
  });

  test.each([
    [{ title: '' }, 'title'],
    [{ title: '  ' }, 'title is blank'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ title: 7 }, 'title'],
    [{ title: 'a\u0000b' }, 'U+0000'],
    [{ message: 'x'.repeat(10_001) }, 'message'],
    [{ details: [1] }, 'details'],
    [{ details: { text: 'x'.repeat(65_536) } }, 'at most 65536'],
    [{ approvers: [] }, 'approvers'],
    [{ approvers: ['role:operater'] }, 'Did you mean operator?'],
    [{ approvers: ['operator'] }, 'write "role:operator"'],
    [{ approvers: ['admin', 'nobody'] }, 'approvers has "nobody"; there is no user or agent'],
    [{ expires_in_seconds: 0 }, 'expires_in_seconds'],
    [{ expires_in_seconds: 31_536_001 }, 'expires_in_seconds'],
    [{ expires_in_seconds: 1.5 }, 'expires_in_seconds'],
    [{ on_expiry: 'continue' }, 'on_expiry'],
    [{ on_reject: 'approve' }, 'on_reject'],
    [{ allow_self: 'no' }, 'allow_self'],
  ])('refuses the input %j', async (input, reason) => {
    const later = Object.fromEntries(Object.keys(input).map((name) => [name, `\${params.${name}}`]));
    const task = await api.createTask({ payload: { params: input, pipeline: [ask(later)] } });
    const over = await api.ended(await api.runNow(task.id));
    expect(over).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'input_invalid' } });
    expect(over.error!.message).toContain(reason);
    expect((await api.call<Page<Approval>>('GET', '/approvals')).body.total).toBe(0);
  });

  test('refuses a task whose question can never be asked', async () => {
    const { status, body } = await api.call<ErrorBody>('POST', '/tasks', {
      title: 'x',
      schedule_kind: 'event',
      event_topic: 'x',
      payload: {
        pipeline: [{ id: 'ask', uses: 'approvals.request', with: { titel: 'go?', expires_in_seconds: 0 } }],
      },
    });
    expect(status).toBe(400);
    const errors = body.details.errors as FieldIssue[];
    expect(errors.map(({ field, issue }) => `${field}: ${issue}`).sort()).toEqual([
      'payload.pipeline[0].with.expires_in_seconds: is 0; it must be >= 1',
      'payload.pipeline[0].with.titel: is not a known field. Did you mean title?',
      'payload.pipeline[0].with.title: is required',
    ]);
  });

  test('refuses bad requests', async () => {
    const { approval } = await askWith(api, ask());
    const path = `/approvals/${approval.id}`;
    for (const [method, target, body, status, field] of [
      ['GET', '/approvals/7', undefined, 400, 'id'],
      ['GET', '/approvals/01900000-0000-7000-8000-000000000000', undefined, 404, undefined],
      ['POST', '/approvals/01900000-0000-7000-8000-000000000000/approve', undefined, 404, undefined],
      ['GET', '/approvals?status=open', undefined, 400, 'status'],
      ['GET', '/approvals?run_id=x', undefined, 400, 'run_id'],
      ['GET', '/approvals?task=x', undefined, 400, 'task'],
      ['POST', `${path}/approve`, { comment: 7 }, 400, 'comment'],
      ['POST', `${path}/approve`, { comment: 'x'.repeat(2001) }, 400, 'comment'],
      ['POST', `${path}/reject`, { reason: 'x' }, 400, 'reason'],
      ['POST', `${path}/reject`, [], 400, ''],
      ['POST', `${path}/decide`, {}, 404, undefined],
    ] as const) {
      const answer = await api.call<ErrorBody>(method, target, body);
      expect([target, answer.status, answer.body.details.field]).toEqual([target, status, field]);
    }
    expect(await get(approval.id)).toEqual(approval);
  });

  test('asking for each item, or outside of a run, is refused', async () => {
    const refused = await api.call<ErrorBody>('POST', '/tasks', {
      title: 'x',
      schedule_kind: 'once',
      schedule_expr: '2099-01-01T00:00:00Z',
      payload: { pipeline: [ask({}, { for_each: '`[1, 2]`' })] },
    } satisfies Partial<Task>);
    expect(refused).toMatchObject({ status: 400, body: { details: { field: 'payload.pipeline[0].for_each' } } });
    const called = await api.call<ToolCallResult>('POST', '/tools/approvals.request/call', { input: { title: 'x' } });
    expect(called.body).toMatchObject({
      success: false,
      error: { message: expect.stringContaining('only a run can') },
    });
    expect((await api.call<Page<Approval>>('GET', '/approvals')).body.total).toBe(0);
  });
});

describeStores('runs that wait for an answer', (kind) => {
  test('hold no worker', { timeout: 60_000 }, async () => {
    const place = await newPlace(kind);
    const api = await startServer(place, { environment: { ORDINAUT_WORKER_CONCURRENCY: '1' } });
    const task = await api.createTask({ payload: { pipeline: [ask()] } });
    const runs = await Promise.all(Array.from({ length: 50 }, () => api.runNow(task.id)));
    for (const runId of runs) expect((await parked(api, runId)).status).toBe('waiting');
    const other = await api.createTask({ payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: {} }] } });
    expect(await api.ended(await api.runNow(other.id))).toMatchObject({ status: 'succeeded' });
    const { body } = await api.call<Page<Approval>>('GET', '/approvals?status=pending&limit=100');
    expect(body.items).toHaveLength(50);
    await Promise.all(body.items.map(({ id }) => decide(api, 'approve', id)));
    for (const runId of runs) expect(await api.ended(runId)).toMatchObject({ status: 'succeeded' });
    await api.server.stop();
    await place.remove();
  });
});

const nap = (api: TestApi): Promise<Task> =>
  api.createTask({ payload: { pipeline: [{ id: 'nap', uses: 'core.sleep', with: { seconds: 0.001 } }] } });

/** What a run asks after it was answered once. */
async function nextOf(api: TestApi, runId: string, answered: string): Promise<Approval> {
  for (;;) {
    const { body } = await api.call<Page<Approval>>('GET', `/approvals?run_id=${runId}&status=pending`);
    const next = body.items.find(({ id }) => id !== answered);
    if (next !== undefined) return next;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
