import { sep } from 'node:path';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { ExtensionHost } from './host.ts';

/** Editors write a file in several steps; together they are one change. */
const SETTLE_MS = 100;

/** Reloads an extension when a file of its folder changes, and activates it where it does not run: for authors, with `--dev`. */
export class ReloadOnChange implements Service {
  readonly name = 'reload on change';
  readonly #host: Pick<ExtensionHost, 'list' | 'reload' | 'get'>;
  readonly #logger: Logger;
  readonly #dataDir: string;
  readonly #changed = new Map<string, NodeJS.Timeout>();
  #watcher: { close(): Promise<void> } | null = null;
  #reloading: Promise<void> = Promise.resolve();

  constructor(deps: {
    host: Pick<ExtensionHost, 'list' | 'reload' | 'get'>;
    logger: Logger;
    /** A folder whose changes are the server's own. */
    dataDir: string;
  }) {
    this.#host = deps.host;
    this.#dataDir = deps.dataDir;
    this.#logger = deps.logger;
  }

  async start(): Promise<void> {
    if (this.#watcher !== null) return;
    const { watch } = await import('chokidar');
    const folders = new Map(this.#host.list().map(({ extensionId, found }) => [found.directory, extensionId]));
    const watcher = watch([...folders.keys()], {
      ignoreInitial: true,
      ignored: (path) => path.startsWith(this.#dataDir) || /[/\\](node_modules|\.git)([/\\]|$)/.test(path),
    });
    watcher.on('all', (_event, path) => {
      for (const [folder, id] of folders) if (path.startsWith(`${folder}${sep}`)) this.#soon(id);
    });
    watcher.on('error', (error) => this.#logger.warn({ err: error }, 'changes of extensions cannot be watched'));
    this.#watcher = watcher;
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
  }

  async stop(): Promise<void> {
    for (const timer of this.#changed.values()) clearTimeout(timer);
    this.#changed.clear();
    await this.#watcher?.close();
    this.#watcher = null;
    await this.#reloading;
  }

  #soon(id: string): void {
    clearTimeout(this.#changed.get(id));
    this.#changed.set(
      id,
      setTimeout(() => {
        this.#changed.delete(id);
        this.#reloading = this.#reloading.then(() => this.#reload(id));
      }, SETTLE_MS),
    );
  }

  async #reload(id: string): Promise<void> {
    try {
      const { message, state } = await this.#host.reload(id);
      this.#logger.info({ extension: id }, message);
      // An author wants to hear what is wrong when a file is saved, not at the next use. The log tells it.
      if (state === 'discovered' || state === 'unloaded')
        await this.#host
          .get(id)
          ?.ensure()
          .catch(() => undefined);
    } catch (error) {
      this.#logger.error({ extension: id }, messageOf(error));
    }
  }
}
