import { setInterval } from 'node:timers/promises';
import { BaseBackgroundHandler, BaseBackgroundPlugin } from '@ordinaut/kit';
import { whole } from './parts/config-fields.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';

const fields = {
  periodMs: whole(10, 3_600_000, 1000),
};

const headers = { 'content-type': 'text/plain' };

class TeapotHandler extends BaseBackgroundHandler {
  get() {
    return this.response({ body: 'I am teapot', headers, statusCode: 418 });
  }
}

/** A teapot that grows warmer each second, up to 100 degrees. */
export class BackgroundPluginExample extends BaseBackgroundPlugin {
  readonly #stop = new AbortController();
  #config!: ConfigOf<typeof fields>;
  #temperature = 0;
  #job: Promise<void> | null = null;

  override initialize(): void {
    this.#config = readConfig(this.app, fields);
    this.addRoute('/teapot', TeapotHandler);
    this.addRoute('/teapot/version', () => ({ body: 'T800', headers }), { methods: ['get'] });
    this.addRoute('/teapot/temperature', () => ({ body: { temperature: this.#temperature } }), { methods: ['get'] });
  }

  override start(): void {
    this.#job = this.#warmUp(this.#stop.signal);
  }

  override async close(): Promise<void> {
    this.#stop.abort();
    await this.#job;
  }

  async #warmUp(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of setInterval(this.#config.periodMs, undefined, { signal })) {
        if (this.#temperature === 100) continue;
        this.#temperature++;
        if (this.#temperature === 100) this.logger.info('the teapot boils');
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
