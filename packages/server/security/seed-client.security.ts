import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, bearer, logIn, withLogin } from '../test/identity/people.ts';
import { startServer } from '../test/support/server.ts';
import { newPlace, type TestPlace } from '../test/support/stores.ts';

/** The client of the integration guide, as it is printed there: it has to work without a change. */
class AuroraClient {
  private token: string | null = null;
  private readonly baseUrl: string;
  private readonly username: string;
  private readonly password: string;
  constructor(baseUrl: string, username: string, password: string) {
    this.baseUrl = baseUrl;
    this.username = username;
    this.password = password;
  }
  private async authenticate(): Promise<void> {
    // Request JWT and cache it in memory.
    const res = await fetch(`${this.baseUrl}/auth/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: this.username, password: this.password }),
    });
    if (!res.ok) throw new Error(`auth failed: ${res.status}`);
    const payload = (await res.json()) as { access_token: string };
    this.token = payload.access_token;
  }
  // biome-ignore lint/suspicious/noExplicitAny: as it is printed
  private async request(path: string, init: RequestInit = {}): Promise<any> {
    if (!this.token) await this.authenticate();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const res = await fetch(`${this.baseUrl}${path}`, {
        ...init,
        headers: {
          ...(init.headers ?? {}),
          Authorization: `Bearer ${this.token}`,
        },
      });
      if (res.status === 401 && attempt === 0) {
        await this.authenticate();
        continue;
      }
      if ((res.status === 429 || res.status === 503) && attempt < 3) {
        await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * 1000));
        continue;
      }
      if (!res.ok) throw new Error(`request failed: ${res.status}`);
      return res.json();
    }
    throw new Error('retry budget exhausted');
  }
  // biome-ignore lint/suspicious/noExplicitAny: as it is printed
  async listAlerts(limit = 50): Promise<any> {
    return this.request(`/alerts?limit=${limit}`);
  }
}

let place: TestPlace;
let api: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  place = await newPlace('sqlite');
  api = await startServer(place, { environment: withLogin({ ORDINAUT_RATE_LIMIT: '20/2s' }) });
});
afterAll(async () => {
  await api.server.stop();
  await place.remove();
});

describe.each(['', '/api/v1'])('the client of the integration guide under %j', (prefix) => {
  const client = () => new AuroraClient(`${api.url}${prefix}`, 'admin', ADMIN_PASSWORD);

  test('logs in and lists alerts', async () => {
    const alerts = await client().listAlerts(10);
    expect(alerts).toEqual({ items: [], total: 0, limit: 10, offset: 0, has_more: false, next_cursor: null });
  });

  test('logs in again when its token was revoked', async () => {
    const ours = client();
    await ours.listAlerts();
    const token: string = Reflect.get(ours, 'token');
    await api.call('POST', '/auth/logout', undefined, bearer(token));
    expect(await ours.listAlerts()).toMatchObject({ total: 0 });
    expect(Reflect.get(ours, 'token')).not.toBe(token);
  });

  test('backs off at 429, and gets there', async () => {
    const ours = client();
    await ours.listAlerts();
    const { access_token } = await logIn(api);
    let status = 200;
    while (status === 200) status = (await api.call('GET', '/alerts', undefined, bearer(access_token))).status;
    expect(status).toBe(429);
    // The rate is that of the user: the client has used it up too, and waits as it is told to.
    expect(await ours.listAlerts()).toMatchObject({ total: 0 });
  });

  test('a wrong password is its own error', async () => {
    await expect(new AuroraClient(`${api.url}${prefix}`, 'admin', 'wrong').listAlerts()).rejects.toThrow(
      'auth failed: 401',
    );
  });
});
