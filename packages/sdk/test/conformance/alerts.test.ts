import { operations } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { ConflictError, type OrdinautClient, type OrdinautError, type Submission } from '../../src/index.ts';
import { describePlaces, failureOf } from './places.ts';

interface Submittable {
  submit(alert: object, options?: { idempotencyKey?: string }): Promise<Submission>;
  update(id: string, patch: object): Promise<unknown>;
}
/** The contract may not have the operation yet, and the client then has no type for its body. */
const alertsOf = (client: OrdinautClient): Submittable => client.alerts as unknown as Submittable;

describePlaces('alerts', (place) => {
  const isThere = 'alerts.submit' in operations;
  const alert = () => ({ title: `failed login ${Math.random()}`, severity: 'high', source: 'auth' });
  const fault = (more: object) =>
    // The path, as the operation may not be there yet.
    place.faults.next({ path: '/alerts', method: 'POST', ...more });

  test.runIf(isThere)('a duplicate is counted, and is not an error', async () => {
    const alerts = alertsOf(place.client());
    const one = alert();
    const first = await alerts.submit(one);
    expect(first).toMatchObject({ outcome: 'created', alert: { occurrences: 1 } });
    const again = await alerts.submit(one);
    expect(again).toMatchObject({ outcome: 'deduplicated', alert: { id: first.alert.id, occurrences: 2 } });
  });

  test.runIf(isThere)('an answer that is lost counts no second occurrence', async () => {
    const alerts = alertsOf(place.client());
    fault({ status: 500, processed: true });
    expect(await alerts.submit(alert())).toMatchObject({ outcome: 'created', alert: { occurrences: 1 } });
  });

  test.runIf(isThere)('many at the same moment are one alert', async () => {
    const alerts = alertsOf(place.client());
    const one = alert();
    const all = await Promise.all(Array.from({ length: 40 }, () => alerts.submit(one)));
    expect(all.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(new Set(all.map((each) => each.alert.id)).size).toBe(1);
    expect(Math.max(...all.map((each) => each.alert.occurrences))).toBe(40);
  });

  test.runIf(isThere)('a conflict is a conflict, with what is allowed', async () => {
    const alerts = alertsOf(place.client());
    const { alert: made } = await alerts.submit(alert());
    await alerts.update(made.id, { status: 'resolved' });
    const error = (await failureOf(alerts.update(made.id, { status: 'escalated' }))) as OrdinautError;
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ retryable: false, details: { status: 'resolved', allowed: ['investigating'] } });
    const key = { idempotencyKey: `alert-${Math.random()}` };
    await alerts.submit(alert(), key);
    expect(await failureOf(alerts.submit(alert(), key))).toBeInstanceOf(ConflictError);
  });
});
