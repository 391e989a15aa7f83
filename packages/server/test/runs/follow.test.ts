import type { Run, StepRecord } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { followRun, type RunEvent } from '../../src/runs/follow.ts';
import { RunFeed } from '../../src/runs/run-feed.ts';

const instant = '2026-01-01T00:00:00.000Z';
const step = (id: string, status: StepRecord['status'], fields: Partial<StepRecord> = {}): StepRecord => ({
  id,
  uses: 'core.echo',
  status,
  attempt: status === 'skipped' ? 0 : 1,
  started_at: status === 'skipped' ? null : instant,
  finished_at: status === 'running' ? null : instant,
  input: null,
  output: null,
  error: null,
  ...fields,
});

const runOf = (status: Run['status'], steps: StepRecord[], attempt = 1): Run => ({
  id: '01890000-0000-7000-8000-000000000001',
  task_id: '01890000-0000-7000-8000-000000000002',
  revision: 1,
  status,
  success: null,
  trigger: 'api',
  nominal_time: null,
  priority: 5,
  attempt,
  params: null,
  concurrency_key: null,
  retry_of: null,
  lease_owner: null,
  leased_until: null,
  wake_at: null,
  created_at: instant,
  started_at: instant,
  finished_at: null,
  error: null,
  output: null,
  steps,
});

/** Looks at a run one state after another; the hints of a state are told before it is read. */
interface State {
  readonly run: Run;
  readonly hints?: readonly StepRecord[];
}

async function follow(states: readonly State[], lastEventId: string | null = null): Promise<string[]> {
  const feed = new RunFeed();
  let next = 0;
  const read = async () => {
    const { run, hints = [] } = states[next++]!;
    for (const hint of hints) feed.tell(run.id, { step: hint });
    return run;
  };
  const heard: string[] = [];
  const { signal } = new AbortController();
  for await (const event of followRun(states[0]!.run.id, { read, feed }, { signal, lastEventId })) {
    heard.push(describe(event));
    if (event.event === 'run') feed.tell(states[0]!.run.id, { step: null });
  }
  expect(feed.followed(states[0]!.run.id)).toBe(false);
  return heard;
}

function describe({ event, id, data }: RunEvent): string {
  const { id: name, status } = data as { id: string; status: string };
  return event === 'run' ? `${id} run ${status}` : `${id} ${name} ${status}`;
}

const ended = runOf('succeeded', [
  step('a', 'succeeded'),
  step('b', 'skipped'),
  step('c', 'succeeded'),
  step('d', 'succeeded'),
]);

test('a skipped step that appears among the records at the end moves no other: each step is told once', async () => {
  const live = runOf('running', [step('a', 'succeeded'), step('c', 'succeeded')]);
  expect(await follow([{ run: live }, { run: ended }])).toEqual([
    '1-1 a succeeded',
    '1-2 c succeeded',
    '1-2 run running',
    '1-2 b skipped',
    '1-3 d succeeded',
    '1-3 run succeeded',
  ]);
});

test('a skipped step is told when it is heard of, and not again at the end', async () => {
  const live = runOf('running', [step('a', 'succeeded')]);
  const hints = [step('b', 'skipped'), step('c', 'running')];
  expect(await follow([{ run: live, hints }, { run: ended }])).toEqual([
    '1-1 a succeeded',
    '1-1 b skipped',
    '1-1 c running',
    '1-1 run running',
    '1-2 c succeeded',
    '1-3 d succeeded',
    '1-3 run succeeded',
  ]);
});

test.each([
  [null, ['1-1 a succeeded', '1-1 b skipped', '1-2 c succeeded', '1-3 d succeeded', '1-3 run succeeded']],
  ['1-1', ['1-1 b skipped', '1-2 c succeeded', '1-3 d succeeded', '1-3 run succeeded']],
  ['1-2', ['1-3 d succeeded', '1-3 run succeeded']],
  ['1-3', ['1-3 run succeeded']],
  ['1-9', ['1-3 run succeeded']],
  ['nonsense', ['1-1 a succeeded', '1-1 b skipped', '1-2 c succeeded', '1-3 d succeeded', '1-3 run succeeded']],
])('a client that has seen %s of an ended run is told the rest', async (lastEventId, rest) => {
  expect(await follow([{ run: ended }], lastEventId)).toEqual(rest);
});

test('a client that comes back to a live run is told each step it has not seen, once', async () => {
  const live = runOf('running', [step('a', 'succeeded'), step('c', 'succeeded')]);
  const hints = [step('b', 'skipped'), step('d', 'running')];
  expect(await follow([{ run: live, hints }, { run: ended }], '1-2')).toEqual([
    '1-2 d running',
    '1-2 run running',
    '1-3 d succeeded',
    '1-3 run succeeded',
  ]);
});

test('a step that a new attempt repeats is told as running again', async () => {
  const first = step('a', 'running');
  const again = step('a', 'running', { started_at: '2026-01-01T00:00:05.000Z' });
  const states = [
    { run: runOf('running', []), hints: [first] },
    { run: runOf('queued', []) },
    { run: runOf('running', [], 2), hints: [again, again] },
    { run: runOf('succeeded', [step('a', 'succeeded')], 2) },
  ];
  expect(await follow(states)).toEqual([
    '1-0 a running',
    '1-0 run running',
    '1-0 run queued',
    '2-0 a running',
    '2-0 run running',
    '2-1 a succeeded',
    '2-1 run succeeded',
  ]);
});

test('a step that one attempt skipped and the next did not is told as both', async () => {
  const states = [
    { run: runOf('running', []), hints: [step('a', 'skipped'), step('b', 'running')] },
    { run: runOf('succeeded', [step('a', 'succeeded'), step('b', 'succeeded')], 2) },
  ];
  expect(await follow(states)).toEqual([
    '1-0 a skipped',
    '1-0 b running',
    '1-0 run running',
    '2-1 a succeeded',
    '2-2 b succeeded',
    '2-2 run succeeded',
  ]);
});
