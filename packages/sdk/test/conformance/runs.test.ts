import { expect, test } from 'vitest';
import { AbortedError, NotFoundError, type OrdinautClient, TimeoutError } from '../../src/index.ts';
import { describePlaces, failureOf, failureWithin } from './places.ts';

/** A run that is soon over. */
async function order(client: OrdinautClient): Promise<string> {
  const task = await client.tasks.create({
    title: 'run',
    schedule_kind: 'once',
    schedule_expr: '2099-01-01T00:00:00Z',
    payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: { text: 'hello' } }] },
  });
  const { details } = await client.tasks.runNow(task.id);
  return String(details.run_id);
}
const never = '00000000-0000-7000-8000-000000000000';
const always = { times: Number.POSITIVE_INFINITY };

describePlaces('runs', (place) => {
  test('a run is waited for by its stream', async () => {
    const client = place.client();
    const run = await client.runs.wait(await order(client));
    expect(run).toMatchObject({ status: 'succeeded', success: true, steps: [{ id: 'say', status: 'succeeded' }] });
    expect(place.requests.count('runs.stream')).toBeGreaterThan(0);
  });

  test('where there is no stream it is asked for', async () => {
    const client = place.client();
    place.faults.next({ operation: 'runs.stream', status: 503, ...always });
    expect(await client.runs.wait(await order(client))).toMatchObject({ status: 'succeeded' });
    expect(place.requests.count('runs.get')).toBeGreaterThan(0);
  });

  test('a stream that breaks in the middle does not matter', async () => {
    const client = place.client();
    for (const by of ['close', 'reset'] as const) {
      place.faults.next({ operation: 'runs.stream', cut: { by } });
      expect(await client.runs.wait(await order(client))).toMatchObject({ status: 'succeeded' });
    }
  });

  test('a deadline, a signal and a run that is not there end the wait', async () => {
    const client = place.client();
    const id = await order(client);
    // It looks as if it never ended.
    place.faults.next({ operation: 'runs.stream', cut: { by: 'silence' }, ...always });
    place.faults.next({ operation: 'runs.get', hang: true, ...always });
    const { error, tookMs } = await failureWithin(() => client.runs.wait(id, { deadline: 120 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ details: { run_id: id } });
    expect(tookMs).toBeLessThan(500);
    const left = new AbortController();
    const waiting = failureOf(client.runs.wait(id, { signal: left.signal }));
    left.abort();
    expect(await waiting).toBeInstanceOf(AbortedError);
    place.faults.clear();
    expect(await failureOf(client.runs.wait(never, { deadline: 5000 }))).toBeInstanceOf(NotFoundError);
  });
});
