export const pluginTemplateKinds = ['sending', 'monitoring', 'background'] as const;
export type PluginTemplateKind = (typeof pluginTemplateKinds)[number];

/** The code of a new plugin. */
export function pluginTemplate(name: string, kind: PluginTemplateKind): string {
  return templates[kind](className(name), name);
}

/** `order_mailer` as `OrderMailer`. */
const className = (name: string): string => {
  const joined = name.replaceAll(/(?:^|[_-]+)([A-Za-z0-9])/g, (_match, first: string) => first.toUpperCase());
  return /^\d/.test(joined) ? `Plugin${joined}` : joined;
};

const templates: Readonly<Record<PluginTemplateKind, (Name: string, name: string) => string>> = {
  sending: (Name, name) => `import { BaseEventSendingPlugin, Event, type EventBatch, type Logger } from '@ordinaut/kit';

/** Sends the events of handlers to a URL: ORDINAUT_PLUGIN_CONFIG='{"${name}": {"url": "https://example.org/events"}}' */
export class ${Name} extends BaseEventSendingPlugin {
  #url = '';

  // Before the server answers. What is thrown here is the reason that GET /plugins shows.
  override initialize() {
    const { url } = this.app.config;
    if (typeof url !== 'string') throw new Error('url: is missing; set it in ORDINAUT_PLUGIN_CONFIG.');
    this.#url = url;
  }

  // After the response of each successful request to a handler. When it throws it is called again, three times in all.
  async sendEvents(batch: EventBatch, logger: Logger) {
    const events = batch.events.map((event) => (event instanceof Event ? event.asDict() : event.asHandlerEventDict()));
    const answer = await this.app.http.request(this.#url, {
      json: { handler_id: batch.handlerId, request_id: batch.requestId, events },
    });
    if (answer.status >= 300) throw new Error(\`\${this.#url} answered \${answer.status}: \${answer.text()}\`);
    logger.debug({ events: events.length, status: answer.status }, 'events are sent');
  }
}
`,
  monitoring: (
    Name,
    name,
  ) => `import { BaseRequestMonitoringPlugin, type Logger, type MonitoringPoint } from '@ordinaut/kit';

/** Logs requests that are slow: ORDINAUT_PLUGIN_CONFIG='{"${name}": {"slow_seconds": 0.5}}' */
export class ${Name} extends BaseRequestMonitoringPlugin {
  #slow = 1;

  // Before the server answers. What is thrown here is the reason that GET /plugins shows.
  override initialize() {
    const { slow_seconds: slow = 1 } = this.app.config;
    if (typeof slow !== 'number') throw new Error(\`slow_seconds: is \${JSON.stringify(slow)}; it must be a number.\`);
    this.#slow = slow;
  }

  // After the response, for each point of a request: one of the series "requests", and one of "errors" where it failed.
  flushPointToMonitoring(point: MonitoringPoint, logger: Logger) {
    if (point.series !== 'requests') return;
    const seconds = Number(point.fields.execution_time);
    if (seconds >= this.#slow) logger.warn({ ...point.tags, seconds }, 'a request was slow');
  }
}
`,
  background: (Name, name) => `import { BaseBackgroundHandler, BaseBackgroundPlugin } from '@ordinaut/kit';

/** Counts the seconds and shows them at /plugins/${name}/count. */
export class ${Name} extends BaseBackgroundPlugin {
  seconds = 0;
  #timer: NodeJS.Timeout | undefined;

  // Before the server answers. What is thrown here is the reason that GET /plugins shows.
  override initialize() {
    this.addRoute('/count', Count);
    this.addRoute('/health', () => ({ body: { status: 'healthy' } }), { methods: ['get'] });
  }

  // After every initialize().
  override start() {
    this.#timer = setInterval(() => {
      this.seconds += 1;
    }, 1000);
  }

  // At the stop of the server: end what start() has begun.
  override close() {
    clearInterval(this.#timer);
  }
}

/** A method for each verb; one instance for each request. */
class Count extends BaseBackgroundHandler {
  get() {
    const plugin = this.app.plugin<${Name}>('${Name}');
    return this.response({ body: { seconds: plugin?.seconds } });
  }

  delete() {
    const plugin = this.app.plugin<${Name}>('${Name}');
    if (plugin) plugin.seconds = 0;
    return this.response();
  }
}
`,
};
