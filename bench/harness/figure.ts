/** A figure of ours, with what stood beside it and what it was to reach. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly beside: { readonly who: string; readonly value: number } | null;
  /** Ours divided by what stands beside it. */
  readonly ratio: number | null;
  /** In words; null where nothing was promised. */
  readonly toReach: string | null;
  readonly reached: boolean | null;
}

interface Measured {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** A figure that is only shown, perhaps beside that of a peer. */
export function shown(measured: Measured, beside: Figure['beside'] = null): Figure {
  return { ...measured, beside, ratio: ratioOf(measured.value, beside), toReach: null, reached: null };
}

/** A figure that must not be larger than `limit`. */
export function atMost(measured: Measured, limit: number, beside: Figure['beside'] = null): Figure {
  const toReach = `≤ ${limit} ${measured.unit}`;
  return { ...shown(measured, beside), toReach, reached: measured.value <= limit };
}

/** A figure that must not be smaller than `limit`. */
export function atLeast(measured: Measured, limit: number, beside: Figure['beside'] = null): Figure {
  return { ...shown(measured, beside), toReach: `≥ ${limit} ${measured.unit}`, reached: measured.value >= limit };
}

/** A rate that must be at least `times` that of a peer. */
export function atLeastTimes(measured: Measured, times: number, beside: NonNullable<Figure['beside']>): Figure {
  return { ...shown(measured, beside), toReach: `≥ ${times} ×`, reached: measured.value >= times * beside.value };
}

/** A cost that must not be larger than `times` that of another case. */
export function atMostTimes(measured: Measured, times: number, beside: NonNullable<Figure['beside']>): Figure {
  return { ...shown(measured, beside), toReach: `≤ ${times} ×`, reached: measured.value <= times * beside.value };
}

const ratioOf = (value: number, beside: Figure['beside']): number | null =>
  beside === null || beside.value === 0 ? null : value / beside.value;
