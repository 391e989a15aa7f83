import type { OperationEntry } from '../operation-entry.ts';
import type { CommonOptions, OperationKind, Timeout } from '../options.ts';

const presets: Readonly<Record<OperationKind, Timeout>> = {
  read: { attemptTimeoutMs: 15_000, timeoutMs: 60_000 },
  write: { attemptTimeoutMs: 30_000, timeoutMs: 60_000 },
  // The `fetch` of Node waits 300 s for the headers of an answer. It must not be what gives up: that looks like a broken connection.
  run: { attemptTimeoutMs: 290_000, timeoutMs: 300_000 },
  auth: { attemptTimeoutMs: 15_000, timeoutMs: 30_000 },
  stream: { attemptTimeoutMs: 15_000, timeoutMs: 60_000 },
};

/** Operations that answer when something of somebody else's is done. */
const runs = new Set(['tools.call', 'handlers.generate']);

export function kindOf(
  name: string,
  { open, stream, repeat }: Pick<OperationEntry, 'open' | 'stream' | 'repeat'>,
): OperationKind {
  if (stream) return 'stream';
  if (open && name.startsWith('auth.')) return 'auth';
  if (runs.has(name)) return 'run';
  return repeat === 'safe' ? 'read' : 'write';
}

/** The times of an operation: its own, those of its kind, and the presets. */
export function timeoutOf(name: string, kind: OperationKind, given: CommonOptions['timeouts'] = {}): Timeout {
  const own: Readonly<Record<string, { readonly [Field in keyof Timeout]?: Timeout[Field] | undefined } | undefined>> =
    given;
  const pick = (field: keyof Timeout) => own[name]?.[field] ?? own[kind]?.[field] ?? presets[kind][field];
  return { attemptTimeoutMs: pick('attemptTimeoutMs'), timeoutMs: pick('timeoutMs') };
}
