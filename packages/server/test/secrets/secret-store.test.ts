import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiError } from '../../src/kernel/errors.ts';
import { RewrapAtStart } from '../../src/secrets/rewrap-at-start.ts';
import { SecretStore } from '../../src/secrets/secret-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { ManualClock } from '../pipeline/manual-clock.ts';
import { describeStores, logger, newPlace, type TestPlace } from '../support/stores.ts';

describeStores('stored secrets', (kind) => {
  let place: TestPlace;
  let store: Store;
  let keyFile: string;
  const clock = new ManualClock(1_000);

  beforeEach(async () => {
    place = await newPlace(kind);
    keyFile = join(place.directory, 'encryption.key');
    store = await place.open();
    await store.start();
  });
  afterEach(async () => {
    await store.stop();
    await place.remove();
  });

  /** The secrets as another process sees them, or this one after a restart. */
  const open = (key: string | null = null) => new SecretStore({ store, clock, key, keyFile });
  const rows = () => store.db.selectFrom('secrets').selectAll().orderBy('name').execute();
  const failure = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).code).toBe('unavailable');
    return (error as ApiError).message;
  };
  const newKey = () => randomBytes(32).toString('base64');

  test('are there until they are removed', async () => {
    const secrets = open();
    expect([await secrets.get('a'), await secrets.has('a')]).toEqual([null, false]);
    await secrets.put('a', 'one');
    await secrets.put('b', 'two');
    await secrets.put('a', 'three');
    expect([await secrets.get('a'), await secrets.get('b'), await secrets.has('a')]).toEqual(['three', 'two', true]);
    expect(await open().get('a')).toBe('three');
    await secrets.remove('a');
    await secrets.remove('a');
    expect([await secrets.get('a'), await secrets.get('b')]).toEqual([null, 'two']);
  });

  test('make a key when the first is stored, and not before', async () => {
    const secrets = open();
    await secrets.checkSetting();
    await secrets.get('a');
    await secrets.remove('a');
    expect(await secrets.rewrap()).toEqual({ count: 0, unreadable: [] });
    expect(existsSync(keyFile)).toBe(false);
    await secrets.put('a', 'one');
    expect(existsSync(keyFile)).toBe(true);
  });

  test('stand nowhere in the clear', async () => {
    const canary = `canary-${newKey()}`;
    await open().put('a', canary);
    const [row] = await rows();
    expect(JSON.stringify(row)).not.toContain(canary);
    for (const name of readdirSync(place.directory))
      expect(readFileSync(join(place.directory, name)).includes(canary)).toBe(false);
  });

  test('are not the secret of another name', async () => {
    const secrets = open();
    await secrets.put('mine', 'one');
    await secrets.put('yours', 'two');
    const [mine] = await rows();
    await store.db.updateTable('secrets').set({ box: mine!.box }).where('name', '=', 'yours').execute();
    expect(await failure(secrets.get('yours'))).toBe(
      'What is stored of the secret yours belongs to another secret. Store it again.',
    );
  });

  test('whose key is not here are told with the key and the way out', async () => {
    const key = newKey();
    await open(key).put('a', 'one');
    const id = (await rows())[0]!.key_id;
    const other = open(newKey());
    const wrong = `The secret a is encrypted with the key ${id}, which this process does not have: `;
    expect(await failure(other.get('a'))).toBe(
      `${wrong}add the key to ORDINAUT_ENCRYPTION_KEY, after the present one and a comma. Where it is lost, remove the secret and store it again.`,
    );
    expect(await failure(other.put('b', 'two'))).toContain(wrong);
    expect(await failure(open().get('a'))).toContain(
      `${wrong}put ${keyFile} back, or set ORDINAUT_ENCRYPTION_KEY to the key.`,
    );
    expect(await failure(open().put('b', 'two'))).toContain(wrong);
    expect(await other.rewrap()).toMatchObject({ count: 0, unreadable: [{ name: 'a' }] });
    expect(await open().rewrap()).toMatchObject({ count: 0, unreadable: [{ name: 'a' }] });
    expect(existsSync(keyFile)).toBe(false);
    expect(await open(`${newKey()},${key}`).get('a')).toBe('one');
    await other.remove('a');
    await other.put('a', 'two');
    expect(await other.get('a')).toBe('two');
  });

  test('whose file was taken away are there again when it is put back', async () => {
    await open().put('a', 'one');
    renameSync(keyFile, `${keyFile}.away`);
    const secrets = open();
    await failure(secrets.get('a'));
    renameSync(`${keyFile}.away`, keyFile);
    expect(await secrets.get('a')).toBe('one');
  });

  test.runIf(process.platform !== 'win32')('whose file others may read wait until nobody may', async () => {
    await open().put('a', 'one');
    chmodSync(keyFile, 0o644);
    const secrets = open();
    expect(await failure(secrets.get('a'))).toContain(`Run "chmod 600 ${keyFile}"`);
    chmodSync(keyFile, 0o600);
    expect(await secrets.get('a')).toBe('one');
  });

  test('go over to a new key, after which the old one is not needed', async () => {
    const old = open();
    await old.put('a', 'one');
    await old.put('b', 'two');
    const oldKey = readFileSync(keyFile, 'utf8').trim();
    const [newer, newest] = [newKey(), newKey()];
    expect(await open(`${newer},${oldKey}`).rewrap()).toEqual({ count: 2, unreadable: [] });
    expect(await open(`${newer},${oldKey}`).rewrap()).toEqual({ count: 0, unreadable: [] });
    rmSync(keyFile);
    expect(await open(newer).get('a')).toBe('one');
    await open(newer).put('c', 'three');
    expect(await open(`${newest}\n${newer}`).rewrap()).toEqual({ count: 3, unreadable: [] });
    expect(await open(newest).get('b')).toBe('two');
    expect((await rows()).map(({ updated_at }) => updated_at)).toEqual([1_000, 1_000, 1_000]);
  });

  test('that are stored while they go over keep what was stored', async () => {
    const [key, newer] = [newKey(), newKey()];
    for (let n = 0; n < 20; n += 1) await open(key).put(`n${n}`, 'before');
    const later = open(`${newer},${key}`);
    await Promise.all([later.rewrap(), ...Array.from({ length: 20 }, (_, n) => later.put(`n${n}`, `after ${n}`))]);
    for (let n = 0; n < 20; n += 1) expect(await open(newer).get(`n${n}`)).toBe(`after ${n}`);
  });

  test('go over when the server starts, which does not wait for it', async () => {
    const [key, newer] = [newKey(), newKey()];
    await open(key).put('a', 'one');
    const service = new RewrapAtStart({ secrets: open(`${newer},${key}`), logger });
    await service.stop();
    await service.start();
    await service.start();
    await service.stop();
    // What has been begun is ended, also where the stop comes at once; otherwise the next start does it.
    await service.start();
    while (
      (await open(newer)
        .get('a')
        .catch(() => null)) !== 'one'
    );
    await service.stop();
  });

  test('do not keep the server from starting where their key is missing; a bad setting does', async () => {
    await open(newKey()).put('a', 'one');
    const missing = new RewrapAtStart({ secrets: open(newKey()), logger });
    await missing.start();
    await missing.stop();
    const bad = new RewrapAtStart({ secrets: open('much too short'), logger });
    await expect(bad.start()).rejects.toThrow(/^The key in ORDINAUT_ENCRYPTION_KEY is not 32 bytes/);
    await bad.stop();
  });
});
