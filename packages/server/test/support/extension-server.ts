import { afterEach, beforeEach } from 'vitest';
import type { StoreKind } from '../../src/storage/store.ts';
import { type ExtensionFolder, extensionFolder } from './extensions.ts';
import { startServer } from './server.ts';
import { newPlace, type TestPlace } from './stores.ts';

export type ExtensionServer = Awaited<ReturnType<typeof startServer>>;

/** A folder of extensions and servers that know it, new for each test of the file and gone after it. */
export function useExtensions(kind: StoreKind = 'sqlite') {
  const servers: ExtensionServer[] = [];
  let place: TestPlace;
  let folder: ExtensionFolder;
  beforeEach(async () => {
    place = await newPlace(kind);
    folder = extensionFolder();
  });
  afterEach(async () => {
    for (const { server } of servers.splice(0)) await server.stop();
    folder.remove();
    await place.remove();
  });
  return {
    get folder() {
      return folder;
    },
    async start(environment: Record<string, string> = {}): Promise<ExtensionServer> {
      const api = await startServer(place, { environment: { ORDINAUT_EXT_PATHS: folder.path, ...environment } });
      servers.push(api);
      return api;
    },
  };
}
