import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeFolder } from '../extensions/folders.ts';
import { startServer } from '../http/running-server.ts';
import { runCli } from './run-cli.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const execute = promisify(execFile);

test('a new plugin of each kind fits its types, starts by its name alone, and is listed', async () => {
  await using folder = await makeFolder();
  const plugins = join(folder.path, 'plugins');
  for (const kind of ['sending', 'monitoring', 'background']) {
    const made = await runCli(['plugin', 'new', `my_${kind}`, '--kind', kind], { cwd: folder.path });
    expect(JSON.parse(made.stdout)).toEqual({ name: `my_${kind}`, kind, file: join(plugins, `my_${kind}.ts`) });
  }
  await mkdir(join(folder.path, 'node_modules/@ordinaut'), { recursive: true });
  await symlink(join(root, 'packages/kit'), join(folder.path, 'node_modules/@ordinaut/kit'));
  await symlink(join(root, 'node_modules/@types'), join(folder.path, 'node_modules/@types'));
  const compilerOptions = {
    module: 'nodenext',
    target: 'esnext',
    strict: true,
    allowImportingTsExtensions: true,
    customConditions: ['ordinaut-source'],
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  await writeFile(join(folder.path, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['plugins'] }));
  const tsc = execute(join(root, 'node_modules/.bin/tsc'), ['-p', folder.path]);
  expect(await tsc.catch((error) => error)).toMatchObject({ stdout: '' });

  await using server = await startServer({
    ORDINAUT_PLUGINS_DIR: plugins,
    ORDINAUT_ACTIVE_PLUGINS: 'my_sending,my_monitoring,my_background',
    ORDINAUT_PLUGIN_CONFIG:
      '{"my_sending": {"url": "https://example.org/events"}, "my_monitoring": {"slow_seconds": "1"}}',
  });
  const count = `${server.url}/plugins/my_background/count`;
  expect(await (await fetch(count)).json()).toEqual({ seconds: expect.any(Number) });
  expect((await fetch(count, { method: 'DELETE' })).status).toBe(204);
  const listed = await runCli(['plugin', 'list'], { env: { ORDINAUT_URL: server.url } });
  expect(JSON.parse(listed.stdout).plugins).toMatchObject([
    { name: 'my_sending', kind: 'sending', status: 'running', classes: ['MySending'], event: 'sending_event' },
    { name: 'my_monitoring', status: 'failed', error: 'slow_seconds: is "1"; it must be a number.' },
    { name: 'my_background', kind: 'background', status: 'running', metrics: { requests_total: 2 } },
  ]);
});

test('a name that is none, one that is taken, and a missing kind are told with the way out', async () => {
  await using folder = await makeFolder({ 'plugins/taken/index.ts': '' });
  const cli = (...args: string[]) => runCli(['plugin', 'new', ...args], { cwd: folder.path });
  expect(await cli('../up', '--kind', 'sending')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"../up" cannot be the name of a plugin'),
  });
  expect(await cli('taken', '--kind', 'sending')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is a plugin taken in'),
  });
  expect(await cli('mine')).toMatchObject({ code: 2, stderr: expect.stringContaining('--kind') });
  expect(await cli('mine', '--kind', 'else')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('sending, monitoring, background'),
  });
});
