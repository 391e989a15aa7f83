import type { OperationResult } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import { useExtensions } from '../../support/extension-server.ts';
import { hello, setup, statusOfOne } from '../../support/extensions.ts';

const place = useExtensions();

const crashing = setup(
  `ctx.routes.get('/crash', async () => { setTimeout(() => { throw new Error('crashed'); }); return {}; });`,
);

test('what an admin action leaves as it is, is told with the way out', async () => {
  place.folder.write('site', { code: crashing, manifest: { grants: ['ROUTES'], eager: true } });
  const api = await place.start();
  const act = async (verb: string) => (await api.call<OperationResult>('POST', `/ext/site/${verb}`)).body.message;
  const state = async () => (await statusOfOne(api, 'site')).state;
  while ((await state()) !== 'quarantined') await api.call('GET', '/ext/site/crash');
  const { body } = await api.call<{ message: string }>('GET', '/ext/site/crash');
  expect(body.message).toMatch(/quarantined until "ordinaut ext reset": It crashed three times/);
  expect(await act('reload')).toContain('still quarantined, and "ordinaut ext reset site" lets it run');
  expect(await act('enable')).toContain('still quarantined, and "ordinaut ext reset site" lets it run');
  await act('disable');
  expect(await act('reset')).toContain('still disabled, and "ordinaut ext enable site" lets it run');
  expect(await act('enable')).toBe('The extension site is enabled.');
  while ((await state()) !== 'loaded');
});

test('one that starts with the server starts again out of quarantine', async () => {
  place.folder.write('site', { code: crashing, manifest: { grants: ['ROUTES'], eager: true } });
  const api = await place.start();
  const state = async () => (await statusOfOne(api, 'site')).state;
  while ((await state()) !== 'quarantined') await api.call('GET', '/ext/site/crash');
  await api.call('POST', '/ext/site/reset');
  while ((await state()) !== 'loaded');
});

test('a setup that throws is told with the place in the code of the author', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'] },
    code: `import { defineExtension } from '@ordinaut/kit';
import { connect } from './database.ts';
export default defineExtension({ setup(ctx) { connect(); } });`,
    files: {
      'database.ts': "type Gone = string;\nexport function connect(): Gone {\n  throw new Error('no database');\n}\n",
    },
  });
  const api = await place.start();
  const { body } = await api.call<{ message: string }>('GET', '/ext/site/hello');
  expect(body.message).toBe('The extension site cannot be used: no database (database.ts:3:9)');
  expect((await statusOfOne(api, 'site')).error).toBe('no database (database.ts:3:9)');
});

test('sentences stand apart where a reload fails', async () => {
  place.folder.write('site', hello('one'));
  const api = await place.start();
  await api.call('GET', '/ext/site/hello');
  place.folder.write('site', { code: 'export default {{' });
  const { body } = await api.call<{ message: string }>('POST', '/ext/site/reload');
  expect(body.message).toMatch(/[^.]\. Generation 1 serves on\.$/);
});

test('a folder of files answers its own path with the one that ends in a slash', async () => {
  place.folder.write('site', {
    manifest: { grants: ['STATIC'], contributes: { static: [{ dir: 'pages', at: '/ui' }] } },
    code: "import { defineExtension } from '@ordinaut/kit';\nexport default defineExtension({ setup() {} });",
    files: { 'pages/index.html': '<p>hello</p>' },
  });
  const api = await place.start();
  const redirect = await fetch(`${api.url}/ext/site/ui?tab=2`, { redirect: 'manual' });
  expect([redirect.status, redirect.headers.get('location')]).toEqual([308, 'ui/?tab=2']);
  for (const path of ['/ext/site/ui', '/api/v1/ext/site/ui'])
    expect(await (await fetch(`${api.url}${path}`)).text()).toBe('<p>hello</p>');
  expect((await fetch(`${api.url}/ext/site/ui`, { method: 'POST' })).status).toBe(404);
});

test('doctor shows an extension that cannot be used, with the reason', async () => {
  place.folder.write('site', { manifest: '{' });
  const api = await place.start();
  const { stdout } = await runCli(['doctor'], { env: { ORDINAUT_URL: api.url } });
  expect(JSON.parse(stdout).findings).toContainEqual({
    name: 'extensions',
    status: 'warn',
    message: expect.stringMatching(/^site is invalid: .*extension\.json:1:2 - /),
    fix: expect.stringContaining('ext reload'),
  });
});
