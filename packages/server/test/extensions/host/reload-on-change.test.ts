import { expect, test } from 'vitest';
import { useExtensions } from '../../support/extension-server.ts';
import { hello, statusOfOne } from '../../support/extensions.ts';

const place = useExtensions();

test('with --dev an extension is reloaded when a file of it changes, and an error leaves the old one serving', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'] },
    code: `import { defineExtension } from '@ordinaut/kit';
import { answer } from './answer.ts';
export default defineExtension({ setup(ctx) { ctx.routes.get('/hello', async () => ({ message: answer })); } });`,
    files: { 'answer.ts': "export const answer = 'one';" },
  });
  const api = await place.start({ ORDINAUT_DEV: '1' });
  const message = async () => (await api.call<{ message: string }>('GET', '/ext/site/hello')).body.message;
  expect(await message()).toBe('one');
  place.folder.write('site', { files: { 'answer.ts': "export const answer = 'two';" } });
  while ((await message()) !== 'two');
  place.folder.write('site', { files: { 'answer.ts': 'export const answer = ' } });
  place.folder.write('site', { files: { 'answer.ts': "export const answer = 'three';" } });
  while ((await message()) !== 'three');
  place.folder.write('site', hello('four'));
  while ((await message()) !== 'four');
});

test('with --dev what is wrong with one that does not run is told when a file is saved, and the fix runs it', async () => {
  place.folder.write('site', hello('one'));
  const api = await place.start({ ORDINAUT_DEV: '1' });
  place.folder.write('site', { code: 'export default {{' });
  while ((await statusOfOne(api, 'site')).state !== 'error');
  expect((await statusOfOne(api, 'site')).error).toMatch(/extension\.ts:1:\d+/);
  place.folder.write('site', hello('two'));
  while ((await statusOfOne(api, 'site')).state !== 'loaded');
});
