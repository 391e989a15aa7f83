import type { Clock } from '../kernel/clock.ts';
import { HourlySweep } from '../kernel/hourly-sweep.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { OpenStreams } from './streams.ts';

const DAY_MS = 86_400_000;
const KEEP = 1_000_000;

/**
 * Deletes events that are older, or more, than has to be kept.
 *
 * @param deps.days How long events are kept.
 */
export const eventRetention = (deps: { streams: OpenStreams; clock: Clock; logger: Logger; days: number }): Service => {
  const { streams, clock, logger, days } = deps;
  return new HourlySweep({
    name: 'event-retention',
    logger,
    async sweep(stop) {
      const deleted = await streams.retain(clock.now() - days * DAY_MS, KEEP, stop);
      if (deleted > 0) logger.info({ events: deleted, older_than_days: days }, 'deleted old events');
    },
  });
};
