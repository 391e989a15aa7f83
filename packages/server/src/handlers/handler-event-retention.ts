import type { Clock } from '../kernel/clock.ts';
import { HourlySweep } from '../kernel/hourly-sweep.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { Store } from '../storage/store.ts';
import { HandlerEventRepository } from './handler-event-repository.ts';

const DAY_MS = 86_400_000;

/**
 * Deletes events of handlers that were stored longer ago than has to be kept, whenever they say that they were.
 *
 * @param deps.days How long events are kept.
 */
export const handlerEventRetention = (deps: { store: Store; clock: Clock; logger: Logger; days: number }): Service => {
  const { clock, logger, days } = deps;
  const events = new HandlerEventRepository(deps.store);
  return new HourlySweep({
    name: 'handler-event-retention',
    logger,
    async sweep(stop) {
      const deleted = await events.sweep(clock.now() - days * DAY_MS, stop);
      if (deleted > 0) logger.info({ events: deleted, older_than_days: days }, 'deleted old events of handlers');
    },
  });
};
