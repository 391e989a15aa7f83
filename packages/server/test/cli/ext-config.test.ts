import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { extension, makeFolder } from '../extensions/folders.ts';
import { startServer } from '../http/running-server.ts';
import { runCli } from './run-cli.ts';

const schema = {
  properties: {
    city: { type: 'string' },
    pin: { type: 'string', secret: true },
    port: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: false,
};

/** A server with the extension, and the command line for it. */
async function useServer() {
  const folder = await makeFolder(extension('site', { config: schema }));
  const server = await startServer({ ORDINAUT_EXT_PATHS: folder.path });
  const cli = (args: readonly string[], input?: string) =>
    runCli(['ext', 'config', ...args], {
      env: { ORDINAUT_URL: server.url },
      cwd: folder.path,
      ...(input === undefined ? {} : { input }),
    });
  return {
    folder,
    cli,
    show: async () => JSON.parse((await cli(['show', 'site'])).stdout),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('show, set and unset', { timeout: 60_000 }, async () => {
  await using place = await useServer();
  const { folder, cli, show } = place;
  expect(await show()).toMatchObject({ extension_id: 'site', source: 'none', config: {} });

  await writeFile(join(folder.path, 'config.json'), JSON.stringify({ city: 'Bonn', pin: '0000', port: 1 }));
  const set = await cli(['set', 'site', '--file', 'config.json']);
  expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('The configuration of site is stored') });
  expect(await show()).toMatchObject({ source: 'stored', config: { city: 'Bonn', pin: '********', port: 1 } });

  // Digits are a text where the schema wants one; what is not named stays as it is, the secret too.
  expect((await cli(['set', 'site', '--set', 'pin=1234', '--set', 'port=2', '--set', 'tags=["a"]'])).code).toBe(0);
  expect((await cli(['set', 'site', '--set', 'city=12'])).code).toBe(0);
  expect(await show()).toMatchObject({ config: { city: '12', pin: '********', port: 2, tags: ['a'] } });

  expect((await cli(['set', 'site', '--file', '-', '--set', 'port=3'], '{"city": "Kiel"}')).code).toBe(0);
  expect((await show()).config).toEqual({ city: 'Kiel', port: 3 });

  expect(await cli(['unset', 'site'])).toMatchObject({ code: 0, stdout: expect.stringContaining('is forgotten') });
  expect(await show()).toMatchObject({ source: 'none', config: {} });
});

test('what is wrong is told, and changes nothing', { timeout: 60_000 }, async () => {
  await using place = await useServer();
  const { cli, show } = place;
  const refused = await cli(['set', 'site', '--set', 'prot=1', '--set', 'pin=["s3cret"]', '--set', 'tags=1']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('config.prot: is not a known field. Did you mean port?');
  expect(refused.stderr).toContain('config.tags: is 1; it must be an array');
  await Promise.all(
    (
      [
        [['set', 'site'], '', /Give the configuration by --file, or fields of it by --set/],
        [['set', 'site', '--set', 'port'], '', /--set is "port"; it must be name=value/],
        [['set', 'site', '--file', 'none.json'], '', /none\.json cannot be read/],
        [['set', 'site', '--file', '-'], '[1]', /must hold a JSON object, the configuration/],
      ] as const
    ).map(async ([args, input, message]) => {
      const { code, stderr } = await cli(args, input);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }),
  );
  const unknown = await cli(['show', 'sitr']);
  expect(unknown.stderr).toContain('There is no extension sitr. Did you mean site?');
  expect(await show()).toMatchObject({ source: 'none' });
});

test.each(['show', 'set', 'unset'])('config %s has its help', async (name) => {
  const { code, stdout } = await runCli(['ext', 'config', name, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: ordinaut ext config ${name} `));
});
