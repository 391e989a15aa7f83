import type { Probe } from './probe-server.ts';

/** Answers of the server that many tests need. */
export const live = { status: 'alive', timestamp: '2026-01-01T00:00:00.000Z', version: '0.1.0', uptime_seconds: 1 };

export const mode = {
  version: '0.1.0',
  node: 'v26.0.0',
  store: 'sqlite',
  roles: ['api'],
  instance: 'probe',
  server_time: '2026-01-01T00:00:00.000Z',
};

export const done = { success: true, message: 'Done.', details: {} };

export const RUN_ID = '01a215be-1ebd-72a9-8da7-9c88c49b7842';

export const publication = {
  success: true,
  message: 'Published.',
  details: {
    event_id: RUN_ID,
    stream_id: '1-0',
    topic: 'a.b',
    triggered_tasks: [],
    published_at: '2026-01-01T00:00:00.000Z',
  },
};

export function runOf(status: string): Record<string, unknown> {
  return {
    id: RUN_ID,
    task_id: RUN_ID,
    revision: 1,
    status,
    success: status === 'succeeded' ? true : status === 'failed' ? false : null,
    trigger: 'api',
    nominal_time: null,
    priority: 5,
    attempt: 1,
    params: null,
    concurrency_key: null,
    retry_of: null,
    lease_owner: null,
    leased_until: null,
    wake_at: null,
    created_at: '2026-01-01T00:00:00.000Z',
    started_at: null,
    finished_at: null,
    error: null,
    output: null,
    steps: [],
  };
}

/** A door: gives tokens one after another, and knows the last one. */
export class TokenDoor {
  logins = 0;
  refreshes = 0;
  /** The tokens that count. */
  readonly valid = new Set<string>();
  readonly #validRefreshes = new Set<string>();
  readonly #expiresIn: number;
  #made = 0;

  constructor({ expiresIn = 3600 } = {}) {
    this.#expiresIn = expiresIn;
  }

  /** Answers logins and refreshes. @returns whether it was one. */
  answer(probe: Probe): boolean {
    if (probe.path === '/auth/token') {
      this.logins += 1;
      probe.json(200, this.#next());
      return true;
    }
    if (probe.path !== '/auth/refresh') return false;
    this.refreshes += 1;
    const { refresh_token } = JSON.parse(probe.body);
    if (this.#validRefreshes.delete(refresh_token)) probe.json(200, this.#next());
    else probe.fail(401, 'unauthorized');
    return true;
  }

  knows({ headers }: Probe): boolean {
    return this.valid.has(String(headers.authorization).replace('Bearer ', ''));
  }

  /** Ends the session: no token of it counts any more. */
  revokeAll(): void {
    this.valid.clear();
    this.#validRefreshes.clear();
  }

  /** The access tokens end; the session goes on. */
  expireAll(): void {
    this.valid.clear();
  }

  #next() {
    this.#made += 1;
    this.valid.add(`token-${this.#made}`);
    this.#validRefreshes.add(`refresh-${this.#made}`);
    return {
      access_token: `token-${this.#made}`,
      token_type: 'bearer',
      expires_in: this.#expiresIn,
      refresh_token: `refresh-${this.#made}`,
      refresh_expires_in: 86_400,
      server_time: '2026-01-01T00:00:00.000Z',
      scopes: [],
      scope: '',
    };
  }
}
