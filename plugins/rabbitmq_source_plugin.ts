import { BaseBackgroundPlugin } from '@ordinaut/kit';
import { type Channel, type ChannelModel, type ConsumeMessage, connect, type RecoveringChannelModel } from 'amqplib';
import { flag, text, topic, url, whole } from './parts/config-fields.ts';
import { messageOf } from './parts/message-of.ts';
import { backoffMs, pause } from './parts/pause.ts';
import { dataOf } from './parts/queue-message.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';
import { isRefusal } from './parts/refusal.ts';

const fields = {
  url: url(['amqp', 'amqps'], { default: 'amqp://127.0.0.1:5672', isSecret: true }),
  queue: text('the name of a queue that exists'),
  topic: topic(),
  appendRoutingKey: flag(false),
  prefetch: whole(1, 10_000, 50),
};

/** Longest the end waits for a broker that does not answer, milliseconds. */
const END_MS = 4000;

/**
 * Publishes the messages of a RabbitMQ queue, at least once each.
 *
 *   delivered (unacknowledged) ──publish──> stored ──ack──> done
 *              ├── refused for good ──reject──> the dead-letter exchange of the queue
 *              └── failed ──nack, after a delay──> back in the queue
 *
 * A connection or channel that is lost, and a consumer that the broker has canceled, end the connection; the library opens the next.
 */
export class RabbitmqSourcePlugin extends BaseBackgroundPlugin {
  readonly #stop = new AbortController();
  readonly #counts = { published: 0, refused: 0, requeued: 0 };
  readonly #underWay = new Set<Promise<void>>();
  #config!: ConfigOf<typeof fields>;
  #connection: RecoveringChannelModel | null = null;
  #consumer: { readonly channel: Channel; readonly tag: string } | null = null;
  /** Times in a row that the server could not store anything. */
  #failures = 0;
  /** The wait after such a time, which the messages that have failed share. */
  #rest: Promise<void> | null = null;

  override initialize(): void {
    this.#config = readConfig(this.app, fields);
    const status = () => ({ body: { connected: this.#consumer !== null, ...this.#counts } });
    this.addRoute('/status', status, { methods: ['get'] });
  }

  /** Does not wait for the broker, which may come later than this server. */
  override async start(): Promise<void> {
    const connection = await connect(this.#config.url, {
      timeout: 10_000,
      clientProperties: { connection_name: `ordinaut ${this.app.name}` },
      recovery: {
        waitForConnect: false,
        initialDelay: 200,
        maxDelay: 30_000,
        setup: (model: ChannelModel) => this.#consume(model),
      },
    });
    this.#connection = connection;
    connection.on('error', () => {
      // A disconnect follows.
    });
    connection.on('disconnect', () => {
      this.#consumer = null;
    });
    connection.on('reconnect-scheduled', ({ delay, error }) => {
      this.logger.warn({ reason: messageOf(error), retry_in_ms: delay }, 'the queue of RabbitMQ cannot be read');
    });
  }

  override async close(): Promise<void> {
    this.#stop.abort();
    const ended = new AbortController();
    const late = pause(END_MS, ended.signal);
    await Promise.race([late, this.#end()]);
    ended.abort();
  }

  /** Takes no more, waits for what is under way, and says goodbye when all of it is acknowledged. */
  async #end(): Promise<void> {
    const ignore = (): void => {
      // The connection is lost: what is not acknowledged goes back into the queue.
    };
    await this.#consumer?.channel.cancel(this.#consumer.tag).catch(ignore);
    await Promise.allSettled(this.#underWay);
    await this.#connection?.close().catch(ignore);
  }

  async #consume(model: ChannelModel): Promise<void> {
    const { queue, prefetch } = this.#config;
    const renew = async (): Promise<void> => {
      this.#consumer = null;
      await model.close().catch(() => {
        // It is closed already.
      });
    };
    model.on('error', () => {
      // It is closed then, too.
    });
    const channel = await model.createChannel();
    channel.on('error', (error) => {
      this.logger.warn({ reason: messageOf(error), queue }, 'RabbitMQ has closed the channel');
    });
    channel.on('close', renew);
    await channel.prefetch(prefetch);
    await channel.checkQueue(queue);
    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) {
        this.logger.warn({ queue }, 'RabbitMQ has canceled the consumer');
        void renew();
        return;
      }
      const work = this.#handle(channel, message).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    });
    this.#consumer = { channel, tag: consumerTag };
    this.logger.info({ queue }, 'the queue of RabbitMQ is read');
  }

  async #handle(channel: Channel, message: ConsumeMessage): Promise<void> {
    try {
      await this.app.events.publish(this.#topicOf(message), dataOf(message));
      this.#failures = 0;
      this.#counts.published++;
      settle(() => channel.ack(message));
    } catch (error) {
      const about = {
        reason: messageOf(error),
        message_id: message.properties.messageId,
        bytes: message.content.length,
      };
      if (isRefusal(error)) {
        this.#counts.refused++;
        this.logger.warn({ ...about, routing_key: message.fields.routingKey }, 'a message of RabbitMQ is refused');
        settle(() => channel.reject(message, false));
        return;
      }
      this.#counts.requeued++;
      this.logger.warn(about, 'a message of RabbitMQ could not be published');
      // The broker would deliver it again at once.
      this.#rest ??= pause(backoffMs(this.#failures++), this.#stop.signal).finally(() => {
        this.#rest = null;
      });
      await this.#rest;
      settle(() => channel.nack(message, false, true));
    }
  }

  #topicOf({ fields }: ConsumeMessage): string {
    const { topic, appendRoutingKey } = this.#config;
    return appendRoutingKey ? `${topic}.${fields.routingKey}` : topic;
  }
}

/** The channel may be lost meanwhile: the broker then delivers the message again. */
function settle(answer: () => void): void {
  try {
    answer();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'IllegalOperationError') throw error;
  }
}
