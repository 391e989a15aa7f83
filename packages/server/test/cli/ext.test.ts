import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { extension, type Folder, makeFolder, manifest } from '../extensions/folders.ts';
import { startServer } from '../http/running-server.ts';
import { runCli, startCli } from './run-cli.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const execute = promisify(execFile);

test('list, disable, enable and reload', async () => {
  await using folder = await makeFolder({
    ...extension('good', { version: '2.1.0', grants: ['ROUTES'] }),
    'bad/extension.json': '{',
  });
  await using server = await startServer({ ORDINAUT_EXT_PATHS: folder.path });
  const cli = (...args: string[]) => runCli(['ext', ...args], { env: { ORDINAUT_URL: server.url } });
  const list = async () => JSON.parse((await cli('list')).stdout).extensions;
  expect(await list()).toMatchObject({
    good: { state: 'discovered', info: { version: '2.1.0' }, capabilities: ['ROUTES'] },
    bad: { state: 'invalid', error: expect.stringContaining('bad/extension.json:1:2 - ') },
  });
  expect(await cli('disable', 'good')).toMatchObject({ code: 0, stdout: expect.stringContaining('"message"') });
  expect((await list()).good.state).toBe('disabled');
  expect((await cli('enable', 'good')).code).toBe(0);
  await fetch(`${server.url}/ext/good/`);
  expect((await list()).good).toMatchObject({ state: 'loaded', generation: 1 });
  expect((await cli('reload', 'good')).code).toBe(0);
  expect((await list()).good).toMatchObject({ state: 'loaded', generation: 2 });
  const unknown = await cli('reload', 'goud');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain('There is no extension goud. Did you mean good?');
});

/** Puts the packages of this checkout where `npm install` would. */
async function install(folder: Folder, name: string): Promise<void> {
  const modules = join(folder.path, name, 'node_modules');
  await mkdir(join(modules, '@ordinaut'), { recursive: true });
  await symlink(join(root, 'packages/kit'), join(modules, '@ordinaut/kit'));
  await symlink(join(root, 'packages/server'), join(modules, 'ordinaut'));
  await symlink(join(root, 'node_modules/@types'), join(modules, '@types'));
}

test('a new extension is valid, its types fit, and its own tests pass', async () => {
  await using folder = await makeFolder();
  const made = await runCli(['ext', 'new', 'my-weather'], { cwd: folder.path });
  expect(JSON.parse(made.stdout)).toMatchObject({ id: 'my-weather', directory: join(folder.path, 'my-weather') });
  const { devDependencies } = JSON.parse(await readFile(join(folder.path, 'my-weather/package.json'), 'utf8'));
  expect(devDependencies).toMatchObject({
    '@ordinaut/kit': expect.stringMatching(/^file:.*packages\/kit$/),
    ordinaut: expect.stringMatching(/^file:.*packages\/server$/),
  });
  expect(await runCli(['ext', 'validate', 'my-weather'], { cwd: folder.path })).toMatchObject({ code: 0 });
  const again = await runCli(['ext', 'new', 'my-weather'], { cwd: folder.path });
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already; choose another with --dir'),
  });

  await install(folder, 'my-weather');
  const cwd = join(folder.path, 'my-weather');
  await execute(join(root, 'node_modules/.bin/tsc'), ['-p', '.', '--customConditions', 'ordinaut-source'], { cwd });
  const own = await runCli(['ext', 'test'], { cwd });
  expect(own).toMatchObject({ code: 0, stdout: expect.stringMatching(/pass 3\n[\s\S]*fail 0\n/) });
  await writeFile(join(cwd, 'bad.test.ts'), "throw new Error('bad');");
  expect((await runCli(['ext', 'test', 'bad.test.ts'], { cwd })).code).toBe(1);
});

test('validate tells what is wrong with manifest, schemas and code, at their places', async () => {
  const tools = [{ name: 'a', description: 'a', inputSchema: { type: 'objekt' } }];
  await using folder = await makeFolder({
    ...extension('good', { grant: [] }),
    ...extension('schema', { grants: ['TOOLS'], contributes: { tools } }),
    'syntax/extension.json': manifest('syntax'),
    'syntax/extension.ts': 'export default {',
    'throws/extension.json': manifest('throws'),
    'throws/extension.ts': 'const a: number = 1;\nthrow new Error(`at once ${a}`);',
    'grants/extension.json': manifest('grants'),
    'grants/extension.ts': 'export default { grants: ["ROUTES"], setup() {} };',
    'nothing/extension.json': manifest('nothing'),
    'nothing/extension.ts': 'export const setup = 1;',
  });
  const { code, stdout } = await runCli(['ext', 'validate', folder.path]);
  expect(code).toBe(1);
  const { valid, extensions } = JSON.parse(stdout.replaceAll(`${folder.path}/`, ''));
  expect(valid).toBe(false);
  expect(
    Object.fromEntries(extensions.map((one: { id: string; problems: string[] }) => [one.id, one.problems])),
  ).toEqual({
    good: [],
    schema: [expect.stringMatching(/^schema\/extension\.json:13:24 - .*inputSchema is not a valid JSON Schema/)],
    syntax: [expect.stringMatching(/^syntax\/extension\.ts:1:17 - Expected identifier/)],
    throws: ['throws/extension.ts:2:7 - at once 1'],
    grants: [expect.stringContaining('the code uses ROUTES, which is not in grants; add "ROUTES" to grants.')],
    nothing: [expect.stringContaining('it has no default export')],
  });
  expect(extensions.find(({ id }: { id: string }) => id === 'good').warnings).toEqual([
    expect.stringContaining('grant is not a field of a manifest; did you mean grants?'),
  ]);
});

test('dev serves the extension and reloads it when its file changes', async () => {
  const code = (answer: string) =>
    `export default { setup(ctx: any) { ctx.routes.get('/hello', async () => ({ answer: '${answer}' })); } };`;
  await using folder = await makeFolder({
    'extension.json': manifest('mine', { grants: ['ROUTES'] }),
    'extension.ts': code('one'),
  });
  const child = startCli(['ext', 'dev', folder.path, '--port', '0', '--log-level', 'info']);
  const exited = once(child, 'exit');
  try {
    let url = '';
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = JSON.parse(line);
      if (typeof entry.url === 'string') {
        url = entry.url;
        expect(await (await fetch(`${url}/ext/mine/hello`)).json()).toEqual({ answer: 'one' });
        await writeFile(join(folder.path, 'extension.ts'), code('two'));
      } else if (url !== '' && entry.extension === 'mine' && /reload/i.test(entry.msg)) {
        expect(await (await fetch(`${url}/ext/mine/hello`)).json()).toEqual({ answer: 'two' });
        break;
      }
    }
    expect(url).not.toBe('');
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
});
