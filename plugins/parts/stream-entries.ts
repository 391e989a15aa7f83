import type { Json } from '@ordinaut/kit';
import { textOf } from './refusal.ts';

/** An entry of a Redis stream. */
export interface StreamEntry {
  /** `<milliseconds>-<sequence>`. */
  readonly id: string;
  /** Name, value, name, value, …; null: the entry was deleted while it was pending. */
  readonly fields: readonly Buffer[] | null;
}

/** The entries in the reply of XREADGROUP on one stream; none when it has waited in vain. */
export function readEntries(reply: unknown): StreamEntry[] {
  const streams = (reply ?? []) as [stream: Buffer, entries: RawEntry[]][];
  return streams.flatMap(([, entries]) => entries.map(entryOf));
}

/** The entries in the reply of XAUTOCLAIM, and where to go on; `0-0`: from the beginning. */
export function claimedEntries(reply: unknown): { readonly cursor: string; readonly entries: StreamEntry[] } {
  const [cursor, entries] = reply as [Buffer, RawEntry[]];
  return { cursor: cursor.toString(), entries: entries.map(entryOf) };
}

/** The consumers in the reply of XINFO CONSUMERS. */
export function consumersIn(reply: unknown): { name: string; pending: number; idleMs: number }[] {
  return (reply as (string | number)[][]).map((fields) => {
    // Names and values in turn; a consumer may be called `idle`.
    const read = (field: string) => fields[fields.findIndex((one, at) => at % 2 === 0 && one === field) + 1];
    return { name: String(read('name')), pending: Number(read('pending')), idleMs: Number(read('idle')) };
  });
}

/**
 * What is published of an entry: `{id, fields}`. A name that comes several times has a list.
 *
 * @throws Refusal for names or values that are not UTF-8.
 */
export function dataOf({ id, fields }: StreamEntry): Json {
  const values = new Map<string, string | string[]>();
  const texts = (fields ?? []).map(textOf);
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const [name, value] = [texts[at]!, texts[at + 1]!];
    const before = values.get(name);
    values.set(name, before === undefined ? value : [before, value].flat());
  }
  return { id, fields: Object.fromEntries(values) };
}

type RawEntry = [id: Buffer, fields: Buffer[] | null];
const entryOf = ([id, fields]: RawEntry): StreamEntry => ({ id: id.toString(), fields });
