import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withLogin } from '../../packages/server/test/identity/people.ts';
import { verdictOn } from '../sdk/automation-worker/rule.ts';
import { type ExampleServer, exampleServer } from './support/example-server.ts';
import { endPrograms, type Program, root, start } from './support/programs.ts';

// Programs are started, one after another, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

describe('the worker, where people log in', () => {
  const manual = readFileSync(join(root, 'examples/sdk/automation-worker/README.md'), 'utf8');
  /** What the manual says that the worker needs. */
  const scopes = [
    ...(/needs a key with ([\s\S]*?) in `ORDINAUT_TOKEN`/.exec(manual)?.[1] ?? '').matchAll(/`([^`]+)`/g),
  ].map(([, scope]) => scope!);

  let server: ExampleServer;
  let token: string;
  beforeEach(async () => {
    server = await exampleServer('here', withLogin());
    ({ api_key: token } = await server.client.apiKeys.create({ name: 'worker', scopes }));
  });
  afterEach(async () => {
    await endPrograms();
    await server.close();
  });

  const startWorker = async (): Promise<Program> => {
    const worker = start('sdk/automation-worker/worker.ts', [], { ORDINAUT_URL: server.url, ORDINAUT_TOKEN: token });
    await worker.line(/^Working on task /);
    return worker;
  };
  const request = (version: string, environment = 'staging') =>
    server.client.events.publish({ topic: 'release.requested', payload: { version, environment } });
  const pending = async () => (await server.client.approvals.list({ status: 'pending' })).items;

  test('it approves, rejects, and leaves to people what is theirs', async () => {
    const worker = await startWorker();
    await request('1.4.0');
    expect(await worker.line(/succeeded/)).toBe(
      'Release 1.4.0 to staging? succeeded: {"released":"1.4.0","environment":"staging","comment":"1.4.0 may go to staging"}',
    );
    await request('1.5.0-rc.1');
    expect(await worker.line(/failed/)).toMatch(/^Release 1\.5\.0-rc\.1 to staging\? failed: ".*is a pre-release/);
    await request('1.4.0', 'production');
    await worker.line(/^Release 1\.4\.0 to production\? is for people$/);
    expect(await pending()).toMatchObject([{ title: 'Release 1.4.0 to production?' }]);
    expect(await worker.end()).toBe(0);
    expect(worker.lines.at(-1)).toBe('Stopped');
  });

  test('it goes on after a restart of the server, and after one of its own', async () => {
    const first = await startWorker();
    await request('1.0.0');
    await first.line(/1\.0\.0.*succeeded/);
    await server.stop();
    await server.start();
    await request('1.1.0');
    await first.line(/1\.1\.0.*succeeded/);
    expect(await first.end()).toBe(0);
    await request('1.2.0');
    await expect.poll(pending, { timeout: 30_000 }).toMatchObject([{ title: 'Release 1.2.0 to staging?' }]);
    const second = await startWorker();
    await second.line(/1\.2\.0.*succeeded/);
    await request('1.3.0');
    await second.line(/1\.3\.0.*succeeded/);
    expect((await server.client.tasks.list()).total).toBe(1);
    // Each was decided once.
    const decided = (await server.client.approvals.list({ status: 'approved' })).items;
    expect(decided.map(({ title }) => title).toSorted()).toEqual(
      ['1.0.0', '1.1.0', '1.2.0', '1.3.0'].map((version) => `Release ${version} to staging?`),
    );
    expect(second.lines.filter((line) => line.includes('approve:'))).toHaveLength(2);
  });

  test('what is for people is told once, and they decide, over a restart of the server', {
    timeout: 60_000,
  }, async () => {
    const worker = await startWorker();
    await request('2.0.0', 'production');
    await worker.line(/is for people/);
    const { id, run_id } = (await pending())[0]!;
    await server.stop();
    await server.start();
    await server.client.approvals.approve(id, { comment: 'by hand' });
    expect(await server.client.runs.wait(run_id)).toMatchObject({
      status: 'succeeded',
      output: { comment: 'by hand' },
    });
    await request('2.0.1');
    await worker.line(/2\.0\.1.*succeeded/);
    expect(worker.lines.filter((line) => line.includes('is for people'))).toHaveLength(1);
  });
});

test.each([
  [{ version: '1.0.0', environment: 'staging' }, 'approve'],
  [{ version: '1.0.0-beta', environment: 'staging' }, 'reject'],
  [{ version: '1.0.0', environment: 'production' }, undefined],
  [{ environment: 'staging' }, undefined],
  [null, undefined],
])('the rule says of %j: %s', (details, verb) => {
  expect(verdictOn({ details })?.verb).toBe(verb);
});
