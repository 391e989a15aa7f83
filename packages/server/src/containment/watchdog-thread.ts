import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { Block } from './watchdog.ts';

/** The thread of the watchdog: see there. */
const BLOCKED_MS = 500;
const LOOK_MS = 100;
const MAX_FRAMES = 50;

const { beats } = workerData as { beats: Int32Array };
let seen = Atomics.load(beats, 0);
let seenAt = performance.now();
let lookedAt = performance.now();
let frames: readonly string[] | null = null;

setInterval(() => {
  const now = performance.now();
  // When this thread was held as well, it was the machine (a debugger, a suspended laptop), not an extension.
  const held = now - lookedAt > BLOCKED_MS;
  lookedAt = now;
  const beat = Atomics.load(beats, 0);
  if (beat === seen && !held) {
    if (frames === null && now - seenAt > BLOCKED_MS) {
      frames = [];
      readStack((stack) => {
        frames = stack;
      });
    }
    return;
  }
  if (frames !== null && !held) parentPort?.postMessage({ ms: now - seenAt, frames } satisfies Block);
  frames = null;
  seen = beat;
  seenAt = now;
}, LOOK_MS);

interface Place {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

/** Halts the main thread where it is, reads its stack and lets it go on. */
function readStack(take: (frames: readonly string[]) => void): void {
  const session = new Session();
  try {
    session.connectToMainThread();
  } catch {
    // A Node without it, or a debugger that does not share: the block is reported without a name.
    return;
  }
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }: { params: { scriptId: string; url: string } }) => {
    urls.set(params.scriptId, params.url.startsWith('file:') ? fileURLToPath(params.url) : params.url);
  });
  session.once('Debugger.paused', ({ params }: { params: { callFrames: readonly { location: Place }[] } }) => {
    const places = params.callFrames.slice(0, MAX_FRAMES).map(({ location }) => location);
    take(places.map((at) => `${urls.get(at.scriptId) ?? ''}:${at.lineNumber + 1}:${(at.columnNumber ?? 0) + 1}`));
    session.post('Debugger.resume', () => session.disconnect());
  });
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}
