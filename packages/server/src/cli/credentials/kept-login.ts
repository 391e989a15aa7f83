import { isRecord } from '../is-record.ts';

/** What `ordinaut login` keeps of a login. */
export interface KeptLogin {
  readonly kind: 'user' | 'agent';
  readonly access_token: string;
  /** ISO 8601, by the clock of this machine. */
  readonly access_expires_at: string;
  readonly refresh_token: string;
  readonly refresh_expires_at: string;
}

/** A login as it stands in the file; null where it is not one. */
export function readKeptLogin(value: unknown): KeptLogin | null {
  if (!isRecord(value)) return null;
  const { kind, access_token, access_expires_at, refresh_token, refresh_expires_at } = value;
  if (kind !== 'user' && kind !== 'agent') return null;
  if (typeof access_token !== 'string' || typeof access_expires_at !== 'string') return null;
  if (typeof refresh_token !== 'string' || typeof refresh_expires_at !== 'string') return null;
  return { kind, access_token, access_expires_at, refresh_token, refresh_expires_at };
}

/**
 * A login from the answer of a server.
 *
 * @param askedAt when it was asked for, epoch milliseconds of this machine: the server says how long tokens last, not until when.
 * @returns null where the answer has no tokens.
 */
export function keptLoginOf(kind: KeptLogin['kind'], answer: unknown, askedAt: number): KeptLogin | null {
  if (!isRecord(answer)) return null;
  const until = (seconds: unknown) => new Date(askedAt + (Number(seconds) || 0) * 1000).toISOString();
  return readKeptLogin({
    kind,
    access_token: answer.access_token,
    access_expires_at: until(answer.expires_in),
    refresh_token: answer.refresh_token,
    refresh_expires_at: until(answer.refresh_expires_in),
  });
}
