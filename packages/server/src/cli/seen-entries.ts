/** How much later than a newer entry one may be stored: several processes write, and each names its entry before it stores it. */
const LATE_MS = 10_000;

/** Tells entries of the audit log that are new from those that were shown, also where they do not come in the order of their ids. */
export class SeenEntries {
  #recent: { readonly id: string; readonly at: number }[] = [];

  /** The id from which on to look again; undefined: from the beginning. */
  get after(): string | undefined {
    return this.#recent[0]?.id;
  }

  /** @returns those that were not given before. */
  add<Entry extends { readonly id: string; readonly at: string }>(oldestFirst: readonly Entry[]): Entry[] {
    const known = new Set(this.#recent.map(({ id }) => id));
    const fresh = oldestFirst.filter(({ id }) => !known.has(id));
    const added = fresh.map(({ id, at }) => ({ id, at: Date.parse(at) }));
    this.#recent = [...this.#recent, ...added].sort((one, other) => (one.id < other.id ? -1 : 1));
    const oldest = (this.#recent.at(-1)?.at ?? 0) - LATE_MS;
    // One that is older stays, to look from.
    const from = this.#recent.findLastIndex(({ at }) => at < oldest);
    if (from > 0) this.#recent.splice(0, from);
    return fresh;
  }
}
