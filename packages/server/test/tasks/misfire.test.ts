import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const HOUR = 3_600_000;
const payload = { pipeline: [{ id: 'say', uses: 'core.echo', with: {} }] };

describeStores('fire times that were missed', (kind) => {
  let place: TestPlace;

  beforeEach(async () => {
    place = await newPlace(kind);
  });

  afterEach(() => place.remove());

  const everyTenMinutes = { schedule_kind: 'cron', schedule_expr: '*/10 * * * *', payload } as const;

  test('after downtime the misfire policy decides', async () => {
    const clock = shiftedClock();
    let ordinaut = await startServer(place, { clock });
    const [once, skip, all] = await Promise.all(
      (['run_once', 'skip', 'run_all'] as const).map((misfire_policy) =>
        ordinaut.createTask({ ...everyTenMinutes, misfire_policy, misfire_grace_seconds: 0 }),
      ),
    );
    const next = Date.parse(once!.next_run_at!);
    await ordinaut.server.stop();
    // Six fire times later, and five minutes into the gap to the seventh.
    clock.shift(next - clock.now() + 50 * 60_000 + 300_000);
    ordinaut = await startServer(place, { clock });
    const nominal = async (id: string, count: number) =>
      (await ordinaut.runsOf(id, count)).map((run) => Date.parse(run.nominal_time!) - next);
    expect(await nominal(all!.id, 6)).toEqual([0, 1, 2, 3, 4, 5].map((n) => n * 600_000));
    expect(await nominal(once!.id, 1)).toEqual([3_000_000]);
    expect(await nominal(skip!.id, 0)).toEqual([]);
    for (const task of [once!, skip!, all!]) {
      const { body } = await ordinaut.call<{ next_run_at: string }>('GET', `/tasks/${task.id}`);
      expect(Date.parse(body.next_run_at)).toBe(next + 3_600_000);
    }
    await ordinaut.server.stop();
  });

  test('a clock that jumps while the server runs loses nothing and fires nothing twice', async () => {
    const clock = shiftedClock();
    const ordinaut = await startServer(place, { clock });
    const task = await ordinaut.createTask({
      schedule_kind: 'cron',
      schedule_expr: '0 * * * *',
      misfire_policy: 'run_all',
      payload,
    });
    const next = Date.parse(task.next_run_at!);
    const fired = async (count: number) =>
      (await ordinaut.runsOf(task.id, count)).map((run) => (Date.parse(run.nominal_time!) - next) / HOUR);
    clock.shift(next - clock.now() + 1000);
    expect(await fired(1)).toEqual([0]);
    clock.shift(-HOUR);
    clock.shift(HOUR);
    clock.shift(24 * HOUR);
    expect(await fired(25)).toEqual(Array.from({ length: 25 }, (_, n) => n));
    clock.shift(-24 * HOUR);
    const probe = await ordinaut.createTask({ schedule_expr: new Date(clock.now() + 100).toISOString(), payload });
    await ordinaut.runsOf(probe.id, 1);
    expect(await fired(25)).toHaveLength(25);
    await ordinaut.server.stop();
  });
});
