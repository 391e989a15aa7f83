import { expect, test } from 'vitest';
import { listen } from '../test/support/server.ts';
import { spawnServer } from '../test/support/server-process.ts';
import { describeStores, newPlace } from '../test/support/stores.ts';

describeStores('a frozen worker', (kind) => {
  test.runIf(kind === 'postgres')('that wakes after its lease writes nothing', async () => {
    const place = await newPlace(kind);
    const asked: (() => void)[] = [];
    let first = Promise.withResolvers<void>();
    const peer = await listen((_, response) => {
      asked.push(() => response.end(JSON.stringify(`answer ${asked.length}`)));
      first.resolve();
    });
    const frozen = await spawnServer(place);
    const pipeline = [{ id: 'ask', uses: 'http.request', with: { url: peer.url }, timeout_seconds: 600 }];
    const task = await frozen.createTask({ payload: { pipeline } });
    const runId = await frozen.runNow(task.id);
    await first.promise;
    frozen.child.kill('SIGSTOP');
    first = Promise.withResolvers<void>();

    const begun = performance.now();
    const other = await spawnServer(place);
    await first.promise;
    const waited = performance.now() - begun;
    expect(waited).toBeLessThan(70_000);
    // The frozen one gets its answer and wakes; its result has to be refused.
    asked[0]!();
    frozen.child.kill('SIGCONT');
    const late = await frozen.call('GET', '/health/ready');
    expect(late.status).toBe(200);
    asked[1]!();
    const run = await other.ended(runId);
    expect(run).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect(run.lease_owner).toContain(`:${other.pid}:`);
    process.stdout.write(`A frozen worker's run went to another after ${Math.round(waited / 1000)} s\n`);
    await frozen.end();
    await other.end();
    await peer.close();
    await place.remove();
  });
});
