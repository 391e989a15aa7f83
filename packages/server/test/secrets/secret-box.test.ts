import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { type KeyRing, openKeyRing } from '../../src/secrets/key-ring.ts';
import { closeBox, openBox } from '../../src/secrets/secret-box.ts';

const newRing = () =>
  openKeyRing({ given: randomBytes(32).toString('hex'), setting: 'KEY', file: '/nowhere', bytes: 32, exact: true });
let keys: KeyRing;
beforeAll(async () => {
  keys = await newRing();
});

const text = 'pässwörd \u0000 🗝️';
const headerOf = (box: string) => JSON.parse(Buffer.from(box.split('.')[0]!, 'base64url').toString());

test('what was closed opens under its name', async () => {
  const box = await closeBox('name', text, keys.current);
  expect(await openBox('name', box, keys)).toBe(text);
  expect(await openBox('empty', await closeBox('empty', '', keys.current), keys)).toBe('');
});

test('each box has a content key of its own, wrapped with the key it names', async () => {
  const [one, two] = [await closeBox('name', text, keys.current), await closeBox('name', text, keys.current)];
  expect(headerOf(one)).toMatchObject({ alg: 'A256GCMKW', enc: 'A256GCM', kid: keys.current.id });
  expect(one.split('.')[1]).not.toBe(two.split('.')[1]);
  expect(one.split('.')[3]).not.toBe(two.split('.')[3]);
});

test('a box does not open under another name', async () => {
  const box = await closeBox('mine', text, keys.current);
  await expect(openBox('yours', box, keys)).rejects.toThrow(/^What is stored of the secret yours belongs to another/);
});

test('neither a box of another key opens, nor one that was changed anywhere', async () => {
  const box = await closeBox('name', text, keys.current);
  await expect(openBox('name', box, await newRing())).rejects.toThrow(/cannot be decrypted/);
  const parts = box.split('.');
  for (const at of parts.keys()) {
    const bytes = Buffer.from(parts[at]!, 'base64url');
    bytes[bytes.length - 1]! ^= 1;
    const changed = parts.with(at, bytes.toString('base64url')).join('.');
    await expect(openBox('name', changed, keys)).rejects.toThrow(/was changed, and cannot be decrypted/);
  }
  await expect(openBox('name', 'no box', keys)).rejects.toThrow(/cannot be decrypted/);
});

test('another algorithm is not taken, whatever the header says', async () => {
  const { CompactEncrypt } = await import('jose');
  const box = await new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.current.id, 'ordinaut:name': 'name' })
    .encrypt(keys.current.secret);
  await expect(openBox('name', box, keys)).rejects.toThrow(/cannot be decrypted/);
});
