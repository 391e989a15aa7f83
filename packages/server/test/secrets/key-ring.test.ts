import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeyRing } from '../../src/secrets/key-ring.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ordinaut-keys-'));
  file = join(directory, 'made', 'later', 'the.key');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (given: string | null, exact = true) => openKeyRing({ given, setting: 'THE_KEY', file, bytes: 32, exact });
const write = (text: string, mode = 0o600) => {
  file = join(directory, 'the.key');
  writeFileSync(file, text);
  chmodSync(file, mode);
};
const failure = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => 'It opened.',
    (error: Error) => error.message,
  );

describe('the file', () => {
  test('is made once, with a random key that nobody else can read', async () => {
    const { current, all } = await open(null);
    expect(current.secret.length).toBe(32);
    expect(current.id).toBe(createHash('sha256').update(current.secret).digest('hex').slice(0, 16));
    expect(all).toEqual([current]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await open(null)).current).toEqual(current);
    expect(readdirSync(join(directory, 'made', 'later'))).toEqual(['the.key']);
    expect(statSync(join(directory, 'made')).mode & 0o077).toBe(0);
  });

  test('holds a key for signing as well', async () => {
    const { current } = await open(null, false);
    expect(Buffer.from(current.secret).toString()).toBe(readFileSync(file, 'utf8').trim());
  });

  test('is one for all who start at once', async () => {
    const rings = await Promise.all(Array.from({ length: 40 }, () => open(null)));
    expect(new Set(rings.map(({ current }) => current.id)).size).toBe(1);
    expect(readdirSync(join(directory, 'made', 'later'))).toEqual(['the.key']);
  });

  test.runIf(process.platform !== 'win32').each([0o640, 0o604, 0o660])(
    'that others may read (%o) is refused with the way out',
    async (mode) => {
      const text = randomBytes(32).toString('base64');
      write(text, mode);
      const message = await failure(open(null));
      expect(message).toBe(
        `The keys in ${file} cannot be used: others may read it (mode 0${mode.toString(8)}). Run "chmod 600 ${file}", or set THE_KEY.`,
      );
      expect(message).not.toContain(text);
    },
  );

  test('that is empty, damaged or a directory is told, and left as it is', async () => {
    write('\n');
    expect(await failure(open(null))).toMatch(/^.*the\.key holds no key\. It must be 32 random bytes as base64 or hex/);
    write('damaged-canary');
    expect(await failure(open(null))).toMatch(/^The key in .*the\.key is not 32 bytes as base64 or hex\. It must be/);
    expect(await failure(open(null))).not.toContain('damaged-canary');
    expect(readFileSync(file, 'utf8')).toBe('damaged-canary');
    file = directory;
    expect(await failure(open(null))).toMatch(/^The keys in .* cannot be used: .*, or set THE_KEY\.$/);
  });

  test('that cannot be made is told with the setting that takes its place', async () => {
    write('not a directory');
    file = join(file, 'the.key');
    expect(await failure(open(null))).toMatch(/or set THE_KEY\.$/);
  });
});

describe('the setting', () => {
  const key = randomBytes(32);

  test.each(['base64', 'base64url', 'hex'] as const)('takes %s', async (encoding) => {
    const { current } = await open(key.toString(encoding));
    expect(Buffer.from(current.secret)).toEqual(key);
  });

  test('goes before the file, which is not made', async () => {
    await open(key.toString('hex'));
    expect(readdirSync(directory)).toEqual([]);
  });

  test('may hold several: the first is the current one, the others are found', async () => {
    const keys = [key, randomBytes(32), randomBytes(32)];
    const [first, second, third] = keys.map((one) => one.toString('base64'));
    const ring = await open(`${first}, ${second}\r\n${third},\n${first}\n`);
    expect(ring.all.map(({ secret }) => Buffer.from(secret))).toEqual(keys);
    expect(ring.current).toBe(ring.all[0]);
    for (const one of ring.all) expect(ring.find(one.id)).toBe(one);
    expect(ring.find('0123456789abcdef')).toBeNull();
  });

  test.each([
    ['', /^THE_KEY holds no key\. It must be 32 random bytes/],
    [' ,\n, ', /^THE_KEY holds no key\./],
    [key.toString('base64').slice(4), /^The key in THE_KEY is not 32 bytes as base64 or hex\./],
    [`${key.toString('base64')}AAAA`, /^The key in THE_KEY is not 32 bytes/],
    [`${key.toString('hex')}00`, /^The key in THE_KEY is not 32 bytes/],
    [`${'a'.repeat(41)}+_`, /^The key in THE_KEY is not 32 bytes/],
    [`${'!'.repeat(60)}canary`, /^The key in THE_KEY is not 32 bytes/],
    [
      `${key.toString('hex')},canary`,
      /^Key 2 of the 2 in THE_KEY is not 32 bytes as base64 or hex\. Commas and line breaks separate keys\./,
    ],
  ])('that is no key (%#) is told without its value', async (given, expected) => {
    const message = await failure(open(given));
    expect(message).toMatch(expected);
    expect(message).toContain('"openssl rand -base64 32"');
    for (const part of given.split(',')) if (part.trim().length > 5) expect(message).not.toContain(part.trim());
  });

  test('of a key for signing is any long text', async () => {
    const [text, old] = ['a long text with spaces and an umlaut: ä', 'x'.repeat(32)];
    const { all } = await open(`${text},${old}`, false);
    expect(all.map(({ secret }) => Buffer.from(secret).toString())).toEqual([text, old]);
    expect(await failure(open('too short', false))).toMatch(
      /^The key in THE_KEY is shorter than 32 bytes\. It must be a random text of 32 bytes or more/,
    );
  });
});
