import { setTimeout as sleep } from 'node:timers/promises';
import { openEngine, type Place } from '../harness/engine.ts';
import type { Part } from '../harness/part.ts';

/**
 * From the call of the service behind `POST /tasks/{id}/run_now` until the tool of the only step is called, one run at a time on an
 * idle system, in milliseconds. In between: the task is read, the run stored (with its commit), the worker told, the run claimed
 * (with its commit), its template rendered.
 */
export const latencyOfOurs: Part<{ place: Place; samples: number; warmUp: number }, { samples: number[] }> = {
  source: import.meta.url,
  name: 'latencyOfOurs',
  async run({ place, samples, warmUp }) {
    const engine = await openEngine(place);
    let called: (at: number) => void = () => {};
    let finished: () => void = () => {};
    engine.tools.register({
      name: 'bench.clock',
      description: 'Takes the time.',
      inputSchema: { type: 'object' },
      annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
      scopes: [],
      timeoutMs: null,
      source: 'builtin',
      async call() {
        called(performance.now());
        return null;
      },
    });
    const task = await engine.tasks.create(
      {
        title: 'bench',
        schedule_kind: 'event',
        event_topic: 'bench.never',
        payload: { pipeline: [{ id: 'clock', uses: 'bench.clock', with: { n: '${params.n}' } }] },
      },
      { principal: null, scopes: null },
    );
    const worker = engine.newWorker(() => finished());
    await worker.start();
    const taken: number[] = [];
    for (let n = -warmUp; n < samples; n++) {
      const start = Promise.withResolvers<number>();
      const end = Promise.withResolvers<void>();
      called = start.resolve;
      finished = end.resolve;
      const askedAt = performance.now();
      await engine.tasks.runNow(task.id, { params: { n } });
      const startedAt = await start.promise;
      if (n >= 0) taken.push(startedAt - askedAt);
      await end.promise;
      await sleep(1 + Math.random() * 4);
    }
    await worker.stop();
    await engine.close();
    return { samples: taken };
  },
};
