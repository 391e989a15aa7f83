import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { SecretStore } from './secret-store.ts';

/** Encrypts with the present key what is stored with an earlier one; beside the start, which does not wait for it. */
export class RewrapAtStart implements Service {
  readonly name = 'stored secrets';
  readonly #secrets: Pick<SecretStore, 'checkSetting' | 'rewrap'>;
  readonly #logger: Logger;
  #stop = new AbortController();
  #work: Promise<void> | null = null;

  constructor(deps: { secrets: Pick<SecretStore, 'checkSetting' | 'rewrap'>; logger: Logger }) {
    this.#secrets = deps.secrets;
    this.#logger = deps.logger;
  }

  /** @throws Error where the setting cannot be used: better now than when the first secret is needed. */
  async start(): Promise<void> {
    if (this.#work !== null) return;
    await this.#secrets.checkSetting();
    this.#stop = new AbortController();
    this.#work = this.#rewrap(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#work;
    this.#work = null;
  }

  async #rewrap(stop: AbortSignal): Promise<void> {
    try {
      const { count, unreadable } = await this.#secrets.rewrap(stop);
      if (count > 0)
        this.#logger.info({ secrets: count }, 'secrets of an earlier key are encrypted with the present one');
      for (const { name, reason } of unreadable) this.#logger.error({ secret: name }, reason);
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, 'secrets of an earlier key wait for the next start');
    }
  }
}
