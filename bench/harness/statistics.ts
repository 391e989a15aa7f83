/** The value below which the share `p` (0 to 1) of the samples lies: the nearest rank. @throws RangeError without samples. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no samples.');
  return value;
}

/** The middle value; between two, their mean. @throws RangeError without samples. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  if (high === undefined || low === undefined) throw new RangeError('There is no median of no samples.');
  return (low + high) / 2;
}

/** What is told of a distribution, in the unit of the samples. */
export function summaryOf(samples: readonly number[]) {
  return {
    samples: samples.length,
    p50: percentile(samples, 0.5),
    p95: percentile(samples, 0.95),
    p99: percentile(samples, 0.99),
    max: Math.max(...samples),
  };
}
