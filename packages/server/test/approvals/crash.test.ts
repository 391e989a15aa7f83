import type { Approval, ErrorBody, Page } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { after, ask, askWith, decide } from './asking.ts';

describeStores('approvals of processes that die', (kind) => {
  let place: TestPlace;
  const processes: ServerProcess[] = [];
  beforeEach(async () => {
    place = await newPlace(kind);
  });
  afterEach(async () => {
    for (const each of processes.splice(0))
      if (each.child.exitCode === null && each.child.signalCode === null) await each.kill();
    await place.remove();
  });
  const start = async () => {
    const server = await spawnServer(place);
    processes.push(server);
    return server;
  };
  const list = async (server: ServerProcess, query = '') =>
    (await server.call<Page<Approval>>('GET', `/approvals?limit=200${query}`)).body;

  test('a killed process takes nothing with it that was asked or answered', { timeout: 120_000 }, async () => {
    const first = await start();
    const [asked, answered] = [await askWith(first, ask(), after), await askWith(first, ask(), after)];
    const decided = await decide(first, 'approve', answered.approval.id, 'before the end');
    expect(decided.status).toBe(200);
    await first.kill();
    const second = await start();
    expect((await list(second)).total).toBe(2);
    expect((await second.call<Approval>('GET', `/approvals/${answered.approval.id}`)).body).toEqual(decided.body);
    expect(await second.ended(answered.run.id)).toMatchObject({ status: 'succeeded', output: { value: 'approved' } });
    await decide(second, 'approve', asked.approval.id);
    expect(await second.ended(asked.run.id)).toMatchObject({ status: 'succeeded', output: { value: 'approved' } });
  });

  test('whenever a process is killed, each run asks once', { timeout: 120_000 }, async () => {
    const first = await start();
    const task = await first.createTask({ payload: { pipeline: [ask(), after] } });
    const runs = await Promise.all(Array.from({ length: 60 }, () => first.runNow(task.id)));
    // Somewhere among the first questions.
    for (let { total } = await list(first); total === 0; ) ({ total } = await list(first));
    await first.kill();
    const second = await start();
    for (let { total } = await list(second); total < runs.length; ) ({ total } = await list(second));
    const { items } = await list(second);
    expect(items.map(({ run_id }) => run_id).toSorted()).toEqual(runs.toSorted());
    await Promise.all(items.map(({ id }) => decide(second, 'approve', id)));
    for (const runId of runs) expect(await second.ended(runId)).toMatchObject({ status: 'succeeded' });
    expect((await list(second)).total).toBe(runs.length);
  });

  test.runIf(kind === 'postgres')('two processes decide at once, and one wins', { timeout: 120_000 }, async () => {
    const servers = await Promise.all([start(), start()]);
    for (let round = 0; round < 10; round++) {
      const { run, approval } = await askWith(servers[round % 2]!, ask({ on_reject: 'continue' }), after);
      const [approved, rejected] = await Promise.all([
        decide<Approval & ErrorBody>(servers[0]!, 'approve', approval.id),
        decide<Approval & ErrorBody>(servers[1]!, 'reject', approval.id),
      ]);
      expect([approved!.status, rejected!.status].toSorted()).toEqual([200, 409]);
      const won = approved!.status === 200 ? 'approved' : 'rejected';
      for (const server of servers) {
        expect((await server.call<Approval>('GET', `/approvals/${approval.id}`)).body.status).toBe(won);
      }
      expect(await servers[1]!.ended(run.id)).toMatchObject({ status: 'succeeded', output: { value: won } });
    }
  });

  test.runIf(kind === 'postgres')('one process expires what another has asked', { timeout: 120_000 }, async () => {
    const [first, second] = await Promise.all([start(), start()]);
    const { run, approval } = await askWith(first!, ask({ expires_in_seconds: 1 }), after);
    await first!.kill();
    expect(await second!.ended(run.id)).toMatchObject({ status: 'failed', error: { code: 'approval_expired' } });
    expect((await list(second!)).items).toMatchObject([{ id: approval.id, status: 'expired' }]);
  });
});
