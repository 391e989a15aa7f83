import type { Logger } from '../context.ts';
import { BaseEventPlugin } from './base-event-plugin.ts';
import { pluginBrand } from './base-plugin.ts';
import type { EventBatch } from './event-batch.ts';

/** Sends what handlers have made to somewhere else. */
export abstract class BaseEventSendingPlugin extends BaseEventPlugin<'sending_event'> {
  static override readonly [pluginBrand] = 'sending';
  readonly eventName = 'sending_event';

  /**
   * Called once for every successful request to a handler, after its response. When it throws it is called again, at most three
   * times in all, with a growing delay.
   */
  abstract sendEvents(batch: EventBatch, logger: Logger): void | Promise<void>;

  handleEvent(batch: EventBatch, logger: Logger): void | Promise<void> {
    return this.sendEvents(batch, logger);
  }
}
