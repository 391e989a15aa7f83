/** What became of the events, or requests, of one plugin class. */
export interface Counts {
  handled: number;
  failed: number;
  dropped: number;
  retried: number;
}

export const noCounts = (): Counts => ({ handled: 0, failed: 0, dropped: 0, retried: 0 });
