import { BaseRequestMonitoringPlugin, type Logger, type MonitoringPoint } from '@ordinaut/kit';
import { optional, url } from './parts/config-fields.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';

const fields = {
  url: optional(url(['http', 'https'])),
};

/** Posts each point as JSON to `url`; without one it writes them to the log. */
export class RequestMonitoringPlugin extends BaseRequestMonitoringPlugin {
  #config!: ConfigOf<typeof fields>;

  override initialize(): void {
    this.#config = readConfig(this.app, fields);
  }

  async flushPointToMonitoring(point: MonitoringPoint, logger: Logger): Promise<void> {
    const { series, eventTime, tags, fields } = point;
    const message = { series, event_time: eventTime, tags, fields };
    if (this.#config.url === undefined) return logger.info(message, 'a monitoring point');
    const { status } = await this.app.http.request(this.#config.url, { json: message });
    if (status < 200 || status > 299) throw new Error(`failed send point, ${series}, response: ${status}`);
  }
}
