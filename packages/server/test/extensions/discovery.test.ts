import { symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { builtinDirectory } from '../../src/extensions/discovery/builtin-directory.ts';
import { type DiscoveryOptions, discover } from '../../src/extensions/discovery/discovery.ts';
import { extension, makeFolder, manifest } from './folders.ts';

const find = (options: Partial<DiscoveryOptions>) =>
  discover({ builtinDir: null, paths: [], packagesFrom: null, packageGrants: {}, ...options });
const idsOf = async (...paths: string[]) => (await find({ paths })).found.map(({ id, problem }) => [id, problem]);

test('built-in ones, folders, files and packages, in this order', async () => {
  await using folder = await makeFolder({
    ...extension('own', {}, 'builtin/own/'),
    ...extension('single', {}, 'one/'),
    ...extension('first', {}, 'many/first/'),
    ...extension('second', {}, 'many/second/'),
    'many/notes/readme.txt': '',
    'many/node_modules/x/extension.json': '{',
    'many/.git/extension.json': '{',
    'files/weather.ts': '',
    'files/weather.json': manifest('weather'),
    'app/package.json': { dependencies: { '@me/pack': '1', plain: '1' } },
    'app/node_modules/plain/package.json': {},
    'app/node_modules/@me/pack/package.json': { ordinaut: true },
    ...extension('pack', {}, 'app/node_modules/@me/pack/'),
  });
  const { sources, found } = await find({
    builtinDir: join(folder.path, 'builtin'),
    paths: ['files/weather.ts', 'one', 'many'].map((name) => join(folder.path, name)),
    packagesFrom: join(folder.path, 'app'),
  });
  expect(sources).toEqual(['builtin', 'env_dir', 'env_file', 'package']);
  expect(found.map(({ id, source, problem }) => [id, source, problem])).toEqual([
    ['own', 'builtin', null],
    ['single', 'env_dir', null],
    ['first', 'env_dir', null],
    ['second', 'env_dir', null],
    ['weather', 'env_file', null],
    ['pack', 'package', null],
  ]);
  expect(found[0]).toMatchObject({
    directory: join(folder.path, 'builtin/own'),
    manifestFile: join(folder.path, 'builtin/own/extension.json'),
    manifest: { id: 'own' },
  });
  expect(found[4]?.manifest?.module).toBe('weather.ts');
});

test('nothing to find is no problem', async () => {
  await using folder = await makeFolder();
  expect(await find({ builtinDir: join(folder.path, 'none'), packagesFrom: folder.path })).toEqual({
    sources: [],
    found: [],
  });
});

test('links are followed, and what is reached twice is one', async () => {
  await using elsewhere = await makeFolder(extension('linked', {}, ''));
  await using folder = await makeFolder({ 'group/readme.txt': '' });
  await symlink(elsewhere.path, join(folder.path, 'group/link'));
  await symlink(join(folder.path, 'nowhere'), join(folder.path, 'broken'));
  expect(await idsOf(folder.path, elsewhere.path, folder.path)).toEqual([['linked', null]]);
});

test('one bad manifest stops that one extension', async () => {
  await using folder = await makeFolder({
    ...extension('good'),
    'bad/extension.json': '{ "id": "bad", "version": 1 }',
    'worse/extension.json': '{',
    'folder/extension.json/x': '',
  });
  const found = Object.fromEntries(await idsOf(folder.path));
  expect(Object.keys(found).sort()).toEqual(['bad', 'folder', 'good', 'worse']);
  expect(found.good).toBeNull();
  expect(found.bad).toContain(`${join(folder.path, 'bad/extension.json')}:1:27 - version is 1; it must be a string`);
  expect(found.worse).toContain(':1:2 - this is not valid JSON');
  expect(found.folder).toContain('cannot be read: EISDIR');
});

test('a path that leads nowhere is told', async () => {
  await using folder = await makeFolder({ 'empty/readme.txt': '', 'lonely.ts': '' });
  const [none, empty, lonely] = ['none', 'empty', 'lonely.ts'].map((name) => join(folder.path, name));
  expect(await idsOf(none!, empty!, lonely!)).toEqual([
    ['none', `ORDINAUT_EXT_PATHS names ${none}, which does not exist.`],
    ['empty', `ORDINAUT_EXT_PATHS names ${empty}, but neither it nor a folder in it has an extension.json.`],
    ['lonely', `${lonely} has no manifest; put lonely.json or extension.json beside it.`],
  ]);
});

test('a module file and its manifest have to agree', async () => {
  await using folder = await makeFolder({
    'a.ts': '',
    'b.ts': '',
    'extension.json': manifest('x', { module: 'a.ts' }),
  });
  expect(await idsOf(join(folder.path, 'a.ts'))).toEqual([['x', null]]);
  expect((await idsOf(join(folder.path, 'b.ts')))[0]?.[1]).toContain(
    'its module is "a.ts", but ORDINAUT_EXT_PATHS names',
  );
});

test('of two with one id the first is kept, and both places are named', async () => {
  await using folder = await makeFolder({
    ...extension('twin', {}, 'a/'),
    ...extension('twin', {}, 'b/'),
    ...extension('twin', {}, 'c/'),
    'aa/extension.json': '{"id": "twin"}',
  });
  const { found } = await find({ paths: [folder.path] });
  expect(found.map(({ id, manifest: one }) => [id, one === null])).toEqual([
    ['twin', false],
    ['twin~2', true],
    ['twin~3', true],
    ['twin~4', true],
  ]);
  expect(found[2]?.problem).toBe(
    `The id "twin" of ${folder.path}/b/extension.json is that of ${folder.path}/a/extension.json, which was found first; change one of them.`,
  );
});

test('packages get what they ask for and the operator allows', async () => {
  const asks = {
    grants: ['TOOLS', 'STATIC'],
    contributes: { tools: [{ name: 'a', description: 'a', inputSchema: {} }], static: [{ dir: '.' }] },
  };
  const pack = (name: string) => ({
    [`node_modules/${name}/package.json`]: { ordinaut: { extension: './dist/extension.json' } },
    ...extension(basename(name), asks, `node_modules/${name}/dist/`),
  });
  await using folder = await makeFolder({
    'package.json': {
      dependencies: { '@me/allowed': '1', unnamed: '1', typo: '1', odd: '1', lost: '1' },
      devDependencies: { absent: '1' },
    },
    ...pack('@me/allowed'),
    ...pack('unnamed'),
    ...pack('typo'),
    ...pack('transitive'),
    'node_modules/odd/package.json': { ordinaut: { extension: '../../x/extension.json' } },
    'node_modules/lost/package.json': { ordinaut: true },
    'work/readme.txt': '',
  });
  const { found } = await find({
    packagesFrom: join(folder.path, 'work'),
    packageGrants: { '@me/allowed': ['TOOLS', 'ROUTES'], typo: ['TOOL'], gone: ['ROUTES'] },
  });
  const byId = Object.fromEntries(found.map((one) => [one.id, one]));
  expect(Object.keys(byId).sort()).toEqual(['allowed', 'gone', 'lost', 'odd', 'typo', 'unnamed']);
  expect(byId.allowed?.manifest).toMatchObject({
    grants: ['TOOLS'],
    requested: ['TOOLS', 'STATIC'],
    contributes: { tools: [{ name: 'a' }], static: [] },
  });
  expect(byId.unnamed?.manifest).toMatchObject({ grants: [], contributes: { tools: [] } });
  expect(byId.typo?.problem).toContain('allows typo "TOOL", which is not a capability; did you mean TOOLS?');
  expect(byId.odd?.problem).toContain('it must be true or {"extension": "./extension.json"}');
  expect(byId.lost?.problem).toContain('which does not exist');
  expect(byId.gone?.problem).toContain('names gone, which is not a dependency of');
});

test('the extensions of this server are right', async () => {
  const { found } = await find({ builtinDir: builtinDirectory() });
  expect(found.filter(({ problem }) => problem !== null)).toEqual([]);
});

test('a hundred extensions are found in a moment', async () => {
  await using folder = await makeFolder(
    Object.assign(
      {},
      ...Array.from({ length: 100 }, (_, index) =>
        extension(`ext${index}`, {
          grants: ['TOOLS'],
          contributes: { tools: [{ name: 't', description: 't', inputSchema: { type: 'object' } }] },
        }),
      ),
    ),
  );
  const begun = performance.now();
  const { found } = await find({ paths: [folder.path] });
  console.log(`100 extensions found in ${Math.round(performance.now() - begun)} ms`);
  expect(found).toHaveLength(100);
});
