/** Counts what came of a suite, and tells it at its end. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  count(group: string, what: string | number): void {
    const counts = this.#counts.get(group) ?? new Map<string, number>();
    this.#counts.set(group, counts);
    counts.set(String(what), (counts.get(String(what)) ?? 0) + 1);
  }

  of(group: string): ReadonlyMap<string, number> {
    return this.#counts.get(group) ?? new Map();
  }

  /** Groups that nothing of these was counted in. */
  without(...wanted: readonly string[]): string[] {
    return [...this.#counts].filter(([, counts]) => !wanted.some((what) => counts.has(what))).map(([group]) => group);
  }

  /** One line for a group, or for all of them together. */
  line(groups: readonly string[] = [...this.#counts.keys()]): string {
    const sums = new Map<string, number>();
    for (const group of groups) {
      for (const [what, count] of this.of(group)) sums.set(what, (sums.get(what) ?? 0) + count);
    }
    const total = [...sums.values()].reduce((sum, count) => sum + count, 0);
    const parts = [...sums].sort(([a], [b]) => a.localeCompare(b)).map(([what, count]) => `${what}: ${count}`);
    return `${groups.length} groups, ${total} requests (${parts.join(', ')})`;
  }
}
