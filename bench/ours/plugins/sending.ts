import { BaseEventSendingPlugin, type EventBatch } from '@ordinaut/kit';

/** Counts the events of handlers. */
export class Sending extends BaseEventSendingPlugin {
  #events = 0;

  async sendEvents({ events }: EventBatch): Promise<void> {
    this.#events += events.length;
  }
}
