import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorBody } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { spawnServer } from '../test/support/server-process.ts';
import type { TestPlace } from '../test/support/stores.ts';

const directory = mkdtempSync(join(tmpdir(), 'ordinaut-disk-'));
const mounted =
  process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory]).status === 0;

test.skipIf(!mounted)('a full disk is told, reads go on, and space makes it well again without a restart', async () => {
  const place: TestPlace = {
    kind: 'sqlite',
    databaseUrl: null,
    directory,
    open: () => Promise.reject(new Error('not used')),
    remove: async () => {},
  };
  const server = await spawnServer(place);
  const payload = { pipeline: [{ id: 'say', uses: 'core.echo', with: { text: 'x'.repeat(20_000) } }] };
  try {
    const first = await server.createTask({ payload });
    const filler = join(directory, 'filler');
    writeFileSync(filler, Buffer.alloc(statfsSync(directory).bavail * statfsSync(directory).bsize - 400_000));

    let refused: ErrorBody | null = null;
    const kept: string[] = [first.id];
    for (let n = 0; n < 500 && refused === null; n++) {
      const answer = await server.call<ErrorBody & { id: string }>('POST', '/tasks', {
        title: 'fill',
        schedule_kind: 'cron',
        schedule_expr: '@yearly',
        payload,
      });
      if (answer.status === 201) kept.push(answer.body.id);
      else {
        expect(answer.status).toBe(503);
        refused = answer.body;
      }
    }
    expect(refused?.error).toBe('unavailable');
    expect(refused?.message).toMatch(/disk is full/);
    expect((await server.call('GET', `/tasks/${first.id}`)).status).toBe(200);
    expect((await server.call('GET', '/health/ready')).status).toBe(503);

    rmSync(filler);
    const task = await server.createTask({ payload });
    expect((await server.ended(await server.runNow(task.id))).status).toBe('succeeded');
    expect((await server.call('GET', '/health/ready')).status).toBe(200);
    for (const id of kept) expect((await server.call('GET', `/tasks/${id}`)).status).toBe(200);
    expect(await server.end()).toBe(0);
  } finally {
    if (server.child.exitCode === null && server.child.signalCode === null) await server.kill();
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
});
