import { createHook } from 'node:async_hooks';

/** What keeps a process alive or busy when nobody ends it, by its name in async_hooks. */
const kinds: Readonly<Record<string, string>> = {
  Timeout: 'timer',
  TCPWRAP: 'socket',
  TCPSERVERWRAP: 'server',
  PIPEWRAP: 'pipe',
  PROCESSWRAP: 'child process',
  UDPWRAP: 'socket',
  FSEVENTWRAP: 'file watcher',
  WORKER: 'worker thread',
};
/** What Node keeps for itself and ends alone: the date of its HTTP answers, the connections of `fetch` and `http.request`. */
const kept = / setUnrefTimeout |\(node:(internal\/deps\/undici|_http_agent)/;
const FRAMES = 50;
/** Turns of the event loop that a thing which was closed may take to be gone. */
const TURNS = 50;

/** Watches what code of some folders makes, until `stop`. */
export interface LeftBehind {
  /** Puts the author's places into what is there; while the extensions are loaded. */
  localize(place: (frame: string) => string): void;
  /** What is still there: `timer made at /ext/mine/extension.ts:3:9`. */
  list(): Promise<string[]>;
  stop(): void;
}

/** @param folders absolute paths of extensions; what other code makes is not looked at, nor that of tests, which have `file:` URLs. */
export function watchLeftBehind(folders: readonly string[]): LeftBehind {
  const alive = new Map<number, string>();
  const hook = createHook({
    init(id, type) {
      const kind = kinds[type];
      if (kind === undefined) return;
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = FRAMES;
      const lines = new Error().stack?.split('\n') ?? [];
      Error.stackTraceLimit = limit;
      if (lines.some((line) => kept.test(line))) return;
      const frame = lines.find(
        (line) => !line.includes('file:') && folders.some((folder) => line.includes(`${folder}/`)),
      );
      if (frame !== undefined) alive.set(id, `${kind} made at ${frame.replace(/^\s*at (async )?/, '')}`);
    },
    destroy: (id) => void alive.delete(id),
  }).enable();
  return {
    localize(place) {
      for (const [id, frame] of alive) alive.set(id, place(frame));
    },
    async list() {
      for (let turn = 0; turn < TURNS && alive.size > 0; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
      return [...alive.values()];
    },
    stop: () => void hook.disable(),
  };
}
