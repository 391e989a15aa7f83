import { existsSync } from 'node:fs';
import type { Kysely } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { type ApiError, messageOf, unavailable } from '../kernel/errors.ts';
import type { Store } from '../storage/store.ts';
import type { SecretRow, Tables } from '../storage/tables.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';
import { closeBox, openBox } from './secret-box.ts';

const SETTING = 'ORDINAUT_ENCRYPTION_KEY';

export interface SecretStoreDeps {
  readonly store: Pick<Store, 'db'>;
  readonly clock: Clock;
  /** Text of the setting; null: the file. */
  readonly key: string | null;
  /** Absolute path of the file with the key. */
  readonly keyFile: string;
}

/** What came of encrypting anew what other keys had encrypted. */
export interface Rewrapped {
  readonly count: number;
  /** Secrets that cannot be read, with the reason. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Secrets in the database, each in an envelope of its own. The keys are read when the first secret is, and made when the first
 * one is stored: a server that stores none has no key.
 */
export class SecretStore {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #key: string | null;
  readonly #keyFile: string;
  #ring: KeyRing | null = null;

  constructor(deps: SecretStoreDeps) {
    this.#db = deps.store.db;
    this.#clock = deps.clock;
    this.#key = deps.key;
    this.#keyFile = deps.keyFile;
  }

  /** @throws Error where the setting holds no key. The file is looked at when it is needed, and not before. */
  async checkSetting(): Promise<void> {
    if (this.#key !== null) await this.#open();
  }

  /**
   * @returns null where there is none of this name.
   * @throws ApiError `unavailable`, with the way out, where it cannot be decrypted.
   */
  async get(name: string): Promise<string | null> {
    const row = await this.#db.selectFrom('secrets').selectAll().where('name', '=', name).executeTakeFirst();
    return row === undefined ? null : this.#read(row);
  }

  async has(name: string): Promise<boolean> {
    const row = await this.#db.selectFrom('secrets').select('name').where('name', '=', name).executeTakeFirst();
    return row !== undefined;
  }

  /**
   * Stores a secret, in place of the one of its name.
   *
   * @throws ApiError `unavailable` where something is stored whose key is not here. That key was lost, or other processes have
   *   it and could not read what this one adds.
   */
  async put(name: string, text: string): Promise<void> {
    const { current } = await this.#keysFor(await this.#db.selectFrom('secrets').select(['name', 'key_id']).execute());
    const values = { box: await closeBox(name, text, current), key_id: current.id, updated_at: this.#clock.now() };
    await this.#db
      .insertInto('secrets')
      .values({ name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .execute();
  }

  /** Needs no key: also what cannot be decrypted any more can be removed. */
  async remove(name: string): Promise<void> {
    await this.#db.deleteFrom('secrets').where('name', '=', name).execute();
  }

  /** Encrypts with the current key what others have encrypted, so that an old key can go. */
  async rewrap(stop?: AbortSignal): Promise<Rewrapped> {
    const unreadable: { name: string; reason: string }[] = [];
    let count = 0;
    for (const row of await this.#db.selectFrom('secrets').selectAll().execute()) {
      if (stop?.aborted) break;
      try {
        const { current } = await this.#keysFor([row]);
        if (row.key_id === current.id) continue;
        const box = await closeBox(row.name, await this.#read(row), current);
        // Only what was read: it may be stored anew at this moment.
        const { numUpdatedRows } = await this.#db
          .updateTable('secrets')
          .set({ box, key_id: current.id })
          .where('name', '=', row.name)
          .where('box', '=', row.box)
          .executeTakeFirst();
        count += Number(numUpdatedRows);
      } catch (error) {
        unreadable.push({ name: row.name, reason: messageOf(error) });
      }
    }
    return { count, unreadable };
  }

  async #read(row: SecretRow): Promise<string> {
    const keys = await this.#keysFor([row]);
    return openBox(row.name, row.box, keys).catch((error: unknown) => {
      throw unavailable(`${messageOf(error)} Store it again.`, error);
    });
  }

  /** The keys, where those of these rows are among them. */
  async #keysFor(rows: readonly Pick<SecretRow, 'name' | 'key_id'>[]): Promise<KeyRing> {
    // A key that is made where one is missing would decrypt nothing, and stand in the way of the one that is put back.
    const isMissing = this.#ring === null && this.#key === null && !existsSync(this.#keyFile);
    if (isMissing && rows[0] !== undefined) throw this.#lost(rows[0]);
    const keys = await this.#open().catch((error: unknown) => {
      throw unavailable(messageOf(error), error);
    });
    const strange = rows.find((row) => keys.find(row.key_id) === null);
    if (strange !== undefined) throw this.#lost(strange);
    return keys;
  }

  async #open(): Promise<KeyRing> {
    this.#ring ??= await openKeyRing({
      given: this.#key,
      setting: SETTING,
      file: this.#keyFile,
      bytes: 32,
      exact: true,
    });
    return this.#ring;
  }

  #lost({ name, key_id: id }: Pick<SecretRow, 'name' | 'key_id'>): ApiError {
    const where =
      this.#key === null
        ? `put ${this.#keyFile} back, or set ${SETTING} to the key`
        : `add the key to ${SETTING}, after the present one and a comma`;
    return unavailable(
      `The secret ${name} is encrypted with the key ${id}, which this process does not have: ${where}. Where it is lost, remove the secret and store it again.`,
    );
  }
}
