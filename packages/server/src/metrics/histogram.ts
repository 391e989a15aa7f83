/** Observations sorted into buckets. */
export class Histogram {
  /** Upper bounds of the buckets, rising; the last bucket, without a bound, is not among them. */
  readonly bounds: readonly number[];
  /** Observations of each bucket, not those below it. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}
