import { BaseEventSendingPlugin, Event, type EventBatch, type Logger } from '@ordinaut/kit';
import { text, url } from './parts/config-fields.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';

const fields = {
  url: url(['http', 'https'], { default: 'http://127.0.0.1:5020/1/buckets' }),
  bucket: text('the name of a bucket', { default: 'plugin_test_bucket' }),
};

/** Sends events to the third-party source. */
export class EventSendingPlugin extends BaseEventSendingPlugin {
  #config!: ConfigOf<typeof fields>;

  /** Makes the bucket, unless it is there. */
  override async initialize(): Promise<void> {
    this.#config = readConfig(this.app, fields);
    const { url, bucket } = this.#config;
    const response = await this.app.http.request(`${url}?bucket=${encodeURIComponent(bucket)}`, { method: 'POST' });
    if (response.status !== 201 && response.status !== 409)
      throw new Error(`failed create bucket, ${bucket}, response: ${response.status} ${response.text().slice(0, 500)}`);
  }

  async sendEvents(batch: EventBatch, logger: Logger): Promise<void> {
    const { url, bucket } = this.#config;
    const message = {
      handler_id: batch.handlerId,
      account_id: batch.accountId,
      'Luna-Request-Id': batch.requestId,
      events: batch.events.map((event) => (event instanceof Event ? event.asDict() : event.asHandlerEventDict())),
      event_create_time: batch.createEventTime,
      event_end_time: batch.endEventTime,
    };
    const response = await this.app.http.request(`${url}/${encodeURIComponent(bucket)}/objects`, { json: message });
    if (response.status < 200 || response.status > 299)
      throw new Error(`failed send events, ${bucket}, response: ${response.status} ${response.text().slice(0, 500)}`);
    logger.debug({ request_id: batch.requestId, events: message.events.length }, 'the events are sent');
  }
}
