import type { CommonOptions } from '@ordinaut/sdk';

/**
 * What holds for every call of this company. An analyst who looks waits for seconds, a program that reports longer, and a tool as long as
 * a tool takes.
 */
export const defaults = {
  userAgent: 'acme-soc/2.0',
  concurrency: 20,
  timeouts: {
    auth: { attemptTimeoutMs: 5_000, timeoutMs: 10_000 },
    read: { attemptTimeoutMs: 5_000, timeoutMs: 10_000 },
    write: { attemptTimeoutMs: 10_000, timeoutMs: 20_000 },
    run: { attemptTimeoutMs: 60_000, timeoutMs: 90_000 },
    // Nobody waits for it, and it may not be lost.
    'alerts.submit': { attemptTimeoutMs: 10_000, timeoutMs: 60_000 },
  },
  retry: { attempts: 4 },
} as const satisfies Partial<CommonOptions>;

/** Milliseconds that a playbook may take, unless its caller says otherwise. */
export const PLAYBOOK_MS = 300_000;
