import type { Config } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';

/** What everything of one process is built with. */
export interface Room {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Name of this process among those on one database. */
  readonly instance: string;
}
