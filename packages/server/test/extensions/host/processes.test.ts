import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { type ExtensionFolder, extensionFolder, hello, statusOfOne } from '../../support/extensions.ts';
import { startServer } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

describe.skipIf(inject('postgresUrl') === null)('several processes on one database', () => {
  let place: TestPlace;
  let folder: ExtensionFolder;
  let servers: Awaited<ReturnType<typeof startServer>>[];

  beforeEach(async () => {
    place = await newPlace('postgres');
    folder = extensionFolder();
    folder.write('site', hello('one'));
    const environment = { ORDINAUT_EXT_PATHS: folder.path };
    servers = [await startServer(place, { environment })];
    servers.push(await startServer(place, { environment }));
  });
  afterEach(async () => {
    for (const { server } of servers) await server.stop();
    folder.remove();
    await place.remove();
  });

  /** Asks until the answer fits; the processes look at each other's decisions every two seconds. */
  const until = async (ask: () => Promise<unknown>, wanted: unknown): Promise<void> => {
    for (;;) {
      const seen = await ask();
      if (JSON.stringify(seen) === JSON.stringify(wanted)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  test('what is decided on one holds on the others', async () => {
    const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]];
    for (const api of servers) expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'one' });

    folder.write('site', hello('two'));
    expect((await first.call('POST', '/ext/site/reload')).status).toBe(200);
    expect((await first.call('GET', '/ext/site/hello')).body).toEqual({ message: 'two' });
    await until(async () => (await second.call('GET', '/ext/site/hello')).body, { message: 'two' });

    await first.call('POST', '/ext/site/disable');
    await until(async () => (await statusOfOne(second, 'site')).state, 'disabled');
    await second.call('POST', '/ext/site/enable');
    await until(async () => (await first.call('GET', '/ext/site/hello')).status, 200);
  });
});
