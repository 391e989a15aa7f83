import pg from 'pg';
import { newToken } from '../../kernel/ids.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import type { Signals } from '../signals.ts';

const CHANNEL = 'ordinaut';
const COALESCE_MS = 5;
/** Signals in one notification, 46 bytes for a cancel: PostgreSQL takes payloads of up to 7,999 bytes. */
const MAX_SIGNALS = 150;
const RECONNECT_MS = [100, 500, 1000, 2000, 5000] as const;

/**
 * Carries signals between processes by LISTEN and NOTIFY.
 *
 * NOTIFY is never part of a transaction that does work (it takes a lock of the whole cluster at commit, which halves the
 * rate of inserts) and goes out at most once in some milliseconds. A signal that is lost costs a poll, nothing else.
 */
export function createNotifier(options: { url: string; pool: pg.Pool; signals: Signals; logger: Logger }): Service {
  const { url, pool, signals, logger } = options;
  const origin = newToken();
  const outbox = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let client: pg.Client | null = null;
  let reconnect: NodeJS.Timeout | null = null;
  let running = false;
  let failures = 0;
  let relaying = false;

  const send = () => {
    timer = null;
    const payload = JSON.stringify([origin, ...outbox]);
    outbox.clear();
    pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]).catch(() => {});
  };
  const queue = (signal: string) => {
    if (relaying || !running || outbox.size >= MAX_SIGNALS) return;
    outbox.add(signal);
    timer ??= setTimeout(send, COALESCE_MS);
  };
  const onRuns = () => queue('runs');
  const onTasks = () => queue('tasks');
  const onEvents = () => queue('events');
  const onIdentity = () => queue('identity');
  const onCancel = (runId: string) => queue(`cancel:${runId}`);

  const receive = (payload: string) => {
    const message = readMessage(payload);
    if (message === null) {
      logger.debug({ payload: payload.slice(0, 100) }, `a notification on ${CHANNEL} that is not of this server`);
      return;
    }
    const [sender, ...heard] = message;
    if (sender === origin) return;
    relaying = true;
    try {
      for (const signal of heard) {
        if (signal === 'runs') signals.emit('runs');
        else if (signal === 'tasks') signals.emit('tasks');
        else if (signal === 'events') signals.emit('events');
        else if (signal === 'identity') signals.emit('identity');
        else if (signal.startsWith('cancel:')) signals.emit('cancel', signal.slice('cancel:'.length));
      }
    } finally {
      relaying = false;
    }
  };

  const listen = async (): Promise<void> => {
    const next = new pg.Client({ connectionString: url, keepAlive: true, connectionTimeoutMillis: 5000 });
    const lost = (error?: Error) => {
      if (client === next) client = null;
      next.removeAllListeners();
      next.on('error', () => {});
      next.end().catch(() => {});
      if (!running || reconnect !== null) return;
      const wait = RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)]!;
      logger.debug({ err: error, retry_in_ms: wait }, 'listening for notifications was interrupted');
      reconnect = setTimeout(() => {
        reconnect = null;
        void listen();
      }, wait);
    };
    next.on('error', lost);
    next.on('end', () => lost());
    next.on('notification', (message) => receive(message.payload ?? '[]'));
    try {
      await next.connect();
      if (!running) return lost();
      await next.query(`LISTEN ${CHANNEL}`);
      client = next;
      failures = 0;
      // What was said while nobody listened is found by looking.
      signals.emit('runs');
      signals.emit('tasks');
      signals.emit('events');
      signals.emit('identity');
    } catch (error) {
      lost(error instanceof Error ? error : new Error(String(error)));
    }
  };

  return {
    name: 'notifier',
    async start() {
      if (running) return;
      running = true;
      signals.on('runs', onRuns).on('tasks', onTasks).on('events', onEvents).on('identity', onIdentity);
      signals.on('cancel', onCancel);
      await listen();
    },
    async stop() {
      running = false;
      signals.off('runs', onRuns).off('tasks', onTasks).off('events', onEvents).off('identity', onIdentity);
      signals.off('cancel', onCancel);
      if (timer !== null) clearTimeout(timer);
      if (reconnect !== null) clearTimeout(reconnect);
      timer = reconnect = null;
      const open = client;
      client = null;
      open?.removeAllListeners();
      await open?.end().catch(() => {});
    },
  };
}

/** The sender and its signals; null for what somebody else has sent: every client of the database may write to the channel. */
function readMessage(payload: string): string[] | null {
  try {
    const message: unknown = JSON.parse(payload);
    return Array.isArray(message) && message.every((part) => typeof part === 'string') ? message : null;
  } catch {
    return null;
  }
}
