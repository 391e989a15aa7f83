import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace } from '../support/stores.ts';

describeStores('ids', (kind) => {
  test('are found in upper case and as URN, in paths and in queries', async () => {
    const place = await newPlace(kind);
    const ordinaut = await startServer(place);
    try {
      const task = await ordinaut.createTask({
        payload: { pipeline: [{ id: 'a', uses: 'core.echo', with: { value: 1 } }] },
      });
      const run = await ordinaut.runNow(task.id);
      for (const id of [task.id.toUpperCase(), `urn:uuid:${task.id}`]) {
        const found = await ordinaut.call('GET', `/tasks/${id}`);
        expect([found.status, found.body]).toMatchObject([200, { id: task.id }]);
        expect((await ordinaut.call('GET', `/runs?task_id=${id}`)).body).toMatchObject({ items: [{ id: run }] });
      }
    } finally {
      await ordinaut.server.stop();
      await place.remove();
    }
  });
});
