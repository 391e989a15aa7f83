import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** How long the event loop was late, in milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/**
 * Watches the event loop of this process; the function it answers ends that. Node's histogram holds the time from one timer to
 * the next, so an idle loop shows the resolution itself, which is taken off.
 */
export function watchEventLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return { p99: late(histogram.percentile(99)), max: late(histogram.max) };
  };
}
