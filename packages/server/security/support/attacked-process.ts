import { createInterface } from 'node:readline';
import type { StoreKind } from '../../src/storage/store.ts';
import { type ServerProcess, spawnServer } from '../../test/support/server-process.ts';
import { newPlace } from '../../test/support/stores.ts';
import { PASSWORD } from './password.ts';

export interface AttackedProcess extends ServerProcess, AsyncDisposable {
  /** The lines of its log of level `error` and worse, so far. */
  readonly failures: readonly string[];
}

/** The server as a process of its own, so that what blocks it is not the attacker, and its end would be seen. */
export async function spawnAttacked(
  kind: StoreKind,
  environment: Record<string, string> = {},
): Promise<AttackedProcess> {
  const place = await newPlace(kind);
  const server = await spawnServer(place, {
    ORDINAUT_ADMIN_PASSWORD: PASSWORD,
    ORDINAUT_AUTH_RATE_LIMIT: 'off',
    ORDINAUT_DRAIN_SECONDS: '1',
    ORDINAUT_HTTP_ALLOW: '',
    ...environment,
  });
  const failures: string[] = [];
  createInterface(server.child.stdout!).on('line', (line) => {
    if (/"level":"(error|fatal)"/.test(line)) failures.push(line);
  });
  return Object.assign(server, {
    failures,
    async [Symbol.asyncDispose]() {
      if (server.child.exitCode === null && server.child.signalCode === null) await server.end();
      await place.remove();
    },
  });
}
