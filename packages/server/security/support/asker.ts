import { Pool } from 'undici';
import type { Answered } from './error-answer.ts';

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Asks a server for paths as they stand: nothing of them is normalised on the way. */
export class Asker implements AsyncDisposable {
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool(url, { connections: 16 });
  }

  async ask(path: string, { method = 'GET', headers = {}, body }: AskOptions = {}): Promise<Answered> {
    const options = { method, path, headers, ...(body !== undefined && { body }) } as Parameters<Pool['request']>[0];
    const response = await this.#pool.request(options);
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}
