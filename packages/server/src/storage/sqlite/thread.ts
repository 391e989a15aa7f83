import { parentPort, workerData } from 'node:worker_threads';
import { SqliteEngine } from './engine.ts';
import type { Reply, Unit } from './protocol.ts';

/**
 * The storage thread: so that the event loop never waits for the disk. Whatever has arrived by the time the thread gets to
 * it is one group; answers go back in one message.
 */
const port = parentPort!;
const engine = new SqliteEngine((workerData as { file: string }).file);
let inbox: Unit[] = [];

port.on('message', (units: Unit[]) => {
  if (inbox.length === 0) setImmediate(work);
  inbox = inbox.length === 0 ? units : [...inbox, ...units];
});

function work(): void {
  const units = inbox;
  inbox = [];
  const closing = units.find((unit) => unit.kind === 'close');
  const replies: Reply[] = engine.execute(units.filter((unit) => unit.kind !== 'close'));
  if (closing) {
    engine.close();
    replies.push({ id: closing.id, ok: true, value: null });
  }
  // The other side ends the thread when it has this: a thread that ends by itself may be gone before its last answer.
  port.postMessage(replies);
}
