import { deadLetterStream, isDeadLetterStream } from '../streams.ts';
import type { Entry } from './entries.ts';
import type { RedisClient } from './redis-client.ts';

/** Entries handed out by one command: an entry has up to a thousand events, and a million characters. */
const TAKE = 100;
/** Entries of a consumer that are kept from others by one command. */
const RENEW = 5000;
/** The consumer that has what was handed back. */
const NOBODY = 'nobody';
/** Idle time of what was handed back, milliseconds: longer than any lease. */
const LONG_AGO = 86_400_000;

// All at once, so that nobody finds the group half made and gives it the history of the other half.
const MAKE = `if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
for _, stream in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  if string.sub(stream, 1, string.len(ARGV[4])) ~= ARGV[4] then
    redis.pcall('XGROUP', 'CREATE', ARGV[3] .. stream, ARGV[1], '$', 'MKSTREAM')
  end
end
return 1`;

/** What a consumer takes over: its entries, and which of them a dead process stood at. */
export interface TakenOver {
  readonly entries: Entry[];
  readonly suspect: string | null;
}

/** What a consumer has done since it last told. */
export interface Settlement {
  /** Entries that are done, by their streams. */
  readonly acks: ReadonlyMap<string, readonly string[]>;
  /** The entry in the middle of which it stands, and the index of the first event that is not handled. */
  readonly note: { readonly stream: string; readonly id: string; readonly index: number } | null;
  /** Entries that are done and of which a progress was noted. */
  readonly forget: readonly { readonly stream: string; readonly id: string }[];
}

/** The commands of consumer groups. */
export class RedisGroups {
  readonly #client: RedisClient;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** Makes a group that begins at the end of every stream there is; one that is known stays as it is. */
  async open(group: string): Promise<void> {
    const { prefix } = this.#client;
    await this.#client.guarded((redis) =>
      redis.eval(
        MAKE,
        2,
        this.#client.key('groups'),
        this.#client.key('streams'),
        group,
        String(Date.now()),
        `${prefix}stream:`,
        deadLetterStream(''),
      ),
    );
  }

  /** The streams there are, without the dead letters. */
  async streams(): Promise<string[]> {
    const all = await this.#client.guarded((redis) => redis.smembers(this.#client.key('streams')));
    return all.filter((stream) => !isDeadLetterStream(stream));
  }

  /** Lets a group read a stream from its beginning, unless it reads it already. */
  async join(stream: string, group: string): Promise<void> {
    await this.#client.guarded((redis) =>
      redis.xgroup('CREATE', this.#client.streamKey(stream), group, '0', 'MKSTREAM').catch((error: Error) => {
        if (!error.message.includes('BUSYGROUP')) throw error;
      }),
    );
  }

  /** Hands out what is new in some streams. */
  async read(
    streams: readonly string[],
    group: string,
    consumer: string,
  ): Promise<{ stream: string; entries: Entry[] }[]> {
    if (streams.length === 0) return [];
    const keys = streams.map((stream) => this.#client.streamKey(stream));
    const ends = keys.map(() => '>');
    const read = await this.#client.guarded((redis) =>
      redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', TAKE, 'STREAMS', ...keys, ...ends),
    );
    const byKey = new Map(keys.map((key, index) => [key, streams[index]!]));
    return ((read ?? []) as [string, Entry[]][]).map(([key, entries]) => ({ stream: byKey.get(key)!, entries }));
  }

  /** Takes over what has been with a consumer for longer than the lease: it is dead, or has handed it back. */
  async takeOver(stream: string, group: string, consumer: string, leaseMs: number): Promise<TakenOver> {
    const key = this.#client.streamKey(stream);
    return this.#client.guarded(async (redis) => {
      const pending = (await redis.call('XPENDING', key, group, 'IDLE', leaseMs, '-', '+', 1)) as [string, string][];
      if (pending.length === 0) return { entries: [], suspect: null };
      const entries: Entry[] = [];
      for (let cursor = '0-0'; ; ) {
        const [next, claimed] = (await redis.call(
          'XAUTOCLAIM',
          key,
          group,
          consumer,
          leaseMs,
          cursor,
          'COUNT',
          TAKE,
        )) as [string, Entry[]];
        entries.push(...claimed);
        cursor = next;
        if (cursor === '0-0') break;
      }
      const [first] = pending;
      return { entries, suspect: first !== undefined && first[1] !== NOBODY ? first[0] : null };
    });
  }

  /** Keeps entries from being taken over; answers which are still the consumer's. */
  async renew(stream: string, group: string, consumer: string): Promise<Set<string>> {
    const key = this.#client.streamKey(stream);
    return this.#client.guarded(async (redis) => {
      const mine = (await redis.call('XPENDING', key, group, '-', '+', RENEW, consumer)) as [string][];
      const ids = mine.map(([id]) => id);
      if (ids.length > 0) await redis.call('XCLAIM', key, group, consumer, 0, ...ids, 'JUSTID');
      return new Set(ids);
    });
  }

  /** Acknowledges entries, and notes how far one is handled that is not done. */
  async settle(group: string, { acks, note, forget }: Settlement): Promise<void> {
    const key = this.#client.key(`progress:${group}`);
    const done = [...acks].filter(([, ids]) => ids.length > 0);
    if (done.length === 1 && forget.length === 0 && note === null) {
      // As nearly always; a pipeline for one command costs 0.05 ms more.
      const [[stream, ids]] = done as [[string, readonly string[]]];
      await this.#client.guarded((redis) => redis.xack(this.#client.streamKey(stream), group, ...ids));
      return;
    }
    const commands = [
      ...done.map(([stream, ids]) => ['xack', this.#client.streamKey(stream), group, ...ids]),
      ...(forget.length === 0 ? [] : [['hdel', key, ...forget.map(fieldOf)]]),
      ...(note === null ? [] : [['hset', key, fieldOf(note), note.index]]),
    ];
    if (commands.length > 0) await this.#client.pipelined(commands);
  }

  /** How far entries of a stream are handled that were left in the middle: the index of the first event that is not. */
  progress(stream: string, group: string, entries: readonly string[]): Promise<number[]> {
    return this.#numbers(this.#client.key(`progress:${group}`), stream, entries);
  }

  /** Hands entries back, so that others can take them over at once. */
  async release(stream: string, group: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const key = this.#client.streamKey(stream);
    await this.#client.guarded((redis) =>
      redis.call('XCLAIM', key, group, NOBODY, 0, ...ids, 'IDLE', LONG_AGO, 'JUSTID'),
    );
  }

  /** Forgets a consumer, unless something is still with it. */
  async leave(stream: string, group: string, consumer: string): Promise<void> {
    const key = this.#client.streamKey(stream);
    await this.#client.guarded(async (redis) => {
      const left = (await redis.call('XPENDING', key, group, '-', '+', 1, consumer)) as unknown[];
      if (left.length === 0) await redis.xgroup('DELCONSUMER', key, group, consumer);
    });
  }

  /** How often events of a stream have failed. */
  failures(stream: string, group: string, ids: readonly string[]): Promise<number[]> {
    return this.#numbers(this.#client.key(`failures:${group}`), stream, ids);
  }

  async countFailure(stream: string, group: string, id: string): Promise<void> {
    await this.#client.guarded((redis) =>
      redis.hincrby(this.#client.key(`failures:${group}`), fieldOf({ stream, id }), 1),
    );
  }

  async forgetFailures(stream: string, group: string, id: string): Promise<void> {
    await this.#client.guarded((redis) => redis.hdel(this.#client.key(`failures:${group}`), fieldOf({ stream, id })));
  }

  async #numbers(key: string, stream: string, ids: readonly string[]): Promise<number[]> {
    if (ids.length === 0) return [];
    const found = await this.#client.guarded((redis) => redis.hmget(key, ...ids.map((id) => fieldOf({ stream, id }))));
    return found.map((number) => Number(number ?? 0));
  }
}

const fieldOf = ({ stream, id }: { stream: string; id: string }): string => `${stream} ${id}`;
