import { expect, test } from 'vitest';
import { Retention } from '../../src/runs/retention.ts';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, logger, newPlace } from '../support/stores.ts';
import { ask, askWith, decide } from './asking.ts';

describeStores('old approvals', (kind) => {
  test('go when they are decided and their run is over', async () => {
    const place = await newPlace(kind);
    const api = await startServer(place);
    const year = { expires_in_seconds: 31_536_000 };
    const [open, decided, going] = [
      await askWith(api, ask(year)),
      await askWith(api, ask(year)),
      await askWith(api, ask(year), { id: 'nap', uses: 'core.sleep', with: { seconds: 30_000_000 } }),
    ];
    await decide(api, 'approve', decided.approval.id);
    await api.ended(decided.run.id);
    await decide(api, 'approve', going.approval.id);
    await api.server.stop();

    const clock = shiftedClock();
    const store = await place.open({ clock });
    await store.start();
    const sweep = async () => {
      await new Retention({ store, clock, logger, days: 30 }).sweep();
      const left = await store.db.selectFrom('approvals').select('id').orderBy('id').execute();
      return left.map(({ id }) => id);
    };
    expect(await sweep()).toEqual([open, decided, going].map(({ approval }) => approval.id).toSorted());
    clock.shift(31 * 86_400_000);
    expect(await sweep()).toEqual([open, going].map(({ approval }) => approval.id).toSorted());
    await store.stop();
    await place.remove();
  });
});
