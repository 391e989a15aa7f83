import { expect, test } from 'vitest';
import { pluginFolder } from '../support/plugins.ts';
import { spawnServer } from '../support/server-process.ts';
import { newPlace } from '../support/stores.ts';

test('a part that cannot be stopped is told, and the rest is stopped all the same', async () => {
  const place = await newPlace('sqlite');
  const folder = pluginFolder();
  // Whoever takes their listeners off the process fails from then on.
  folder.write(
    'rude',
    `export class Rude extends BaseBackgroundPlugin {
      close() { process.off = () => { throw new Error('It is broken.'); }; }
    }`,
  );
  const environment = { ORDINAUT_PLUGINS_DIR: folder.path, ORDINAUT_ACTIVE_PLUGINS: 'rude' };
  const server = await spawnServer(place, environment);
  const told = server.logged(({ msg }) => msg === 'not everything could be stopped as it should');
  const stopped = server.logged(({ msg }) => msg === 'ordinaut has stopped');
  expect(await server.end()).toBe(1);
  expect(await told).toMatchObject({ err: { message: 'It is broken.' } });
  await stopped;
  expect(server.errors()).not.toContain('It is broken.');

  const again = await spawnServer(place);
  expect(await again.end()).toBe(0);
  folder.remove();
  await place.remove();
});
