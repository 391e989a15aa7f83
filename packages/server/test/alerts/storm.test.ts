import type { Alert, ErrorBody, Page, SubmittedAlert } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { openView } from './live-view.ts';

const alert = { title: 'Port scan', severity: 'medium', source: 'ids', iocs: [{ type: 'ip', value: '198.51.100.4' }] };

describeStores('the same alert from everywhere at once', (kind) => {
  let place: TestPlace;
  let servers: ServerProcess[];
  beforeEach(async () => {
    place = await newPlace(kind);
    // SQLite belongs to one process.
    servers = [await spawnServer(place)];
    if (kind === 'postgres') servers.push(await spawnServer(place));
  });
  afterEach(async () => {
    await Promise.all(servers.map((each) => each.end()));
    await place.remove();
  });

  const server = (n: number) => servers[n % servers.length]!;

  test('is one alert with 200 occurrences, made once and told once each', async () => {
    const view = await openView(`${server(1).url}/alerts/stream`);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => server(n).call<SubmittedAlert>('POST', '/alerts', alert)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(199);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const everyNumber = Array.from({ length: 200 }, (_, n) => n + 1);
    expect(answers.map(({ body }) => body.occurrences).toSorted((a, b) => a - b)).toEqual(everyNumber);
    expect(answers.every(({ status, body }) => body.deduplicated === (status === 200))).toBe(true);
    const { body } = await server(0).call<Page<Alert>>('GET', '/alerts');
    expect(body).toMatchObject({ total: 1, items: [{ occurrences: 200, status: 'new' }] });
    const told = await view.read(200);
    view.close();
    expect(told.filter(({ event }) => event === 'alert.created')).toHaveLength(1);
    expect(told.map(({ data }: { data: Alert }) => data.occurrences).toSorted((a, b) => a - b)).toEqual(everyNumber);
  });

  test('goes on while others resolve it, and at no moment two are open', async () => {
    const submitted = Array.from({ length: 120 }, async (_, n) => {
      const { body } = await server(n).call<SubmittedAlert>('POST', '/alerts', alert);
      if (n % 10 === 0) await server(n + 1).call('PATCH', `/alerts/${body.id}`, { status: 'resolved' });
      // Whoever wants it open again is let in or told of the other one.
      if (n % 20 === 0) {
        const reopened = await server(n).call<Alert & ErrorBody>('PATCH', `/alerts/${body.id}`, {
          status: 'investigating',
        });
        if (reopened.status !== 200)
          expect(reopened).toMatchObject({ status: 409, body: { details: { open_alert_id: expect.any(String) } } });
      }
    });
    await Promise.all(submitted);
    const { body } = await server(0).call<Page<Alert>>('GET', '/alerts?limit=200');
    expect(body.items.filter(({ status }) => status !== 'resolved').length).toBeLessThanOrEqual(1);
    expect(body.items.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(120);
  });
});
