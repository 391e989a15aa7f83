import { createHash } from 'node:crypto';
import type { Tools } from '@ordinaut/kit';

/** Milliseconds between two looks at the tools. */
const LOOK_MS = 2_000;
const HEARTBEAT_MS = 15_000;

/**
 * What clients of `GET /stream` hear, as server-sent events: `hello` with the version of the tool list, `tools/list_changed` at
 * most 2 s after it has changed, and `heartbeat` after 15 s of silence. The results of tools do not come here: `/invoke` and the
 * WebSocket answer for themselves.
 */
export async function* changes(
  tools: Tools,
  server: { readonly name: string; readonly version: string },
  signal: AbortSignal,
): AsyncGenerator<string> {
  let version = await versionOf(tools);
  yield message('hello', { server, tools_version: version });
  let quietMs = 0;
  while (!signal.aborted) {
    await sleep(LOOK_MS, signal);
    if (signal.aborted) return;
    quietMs += LOOK_MS;
    const present = await versionOf(tools);
    if (present !== version) {
      version = present;
      yield message('tools/list_changed', { tools_version: version });
    } else if (quietMs >= HEARTBEAT_MS) {
      yield message('heartbeat', { timestamp: new Date().toISOString() });
    } else {
      continue;
    }
    quietMs = 0;
  }
}

const versions = new WeakMap<object, string>();

/** The same for the same tools, on every process and after a restart. */
async function versionOf(tools: Tools): Promise<string> {
  const list = await tools.list();
  let version = versions.get(list);
  if (version === undefined) {
    version = createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 16);
    versions.set(list, version);
  }
  return version;
}

const message = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** Resolves after `ms`, or when the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
    if (signal.aborted) wake();
  });
}
