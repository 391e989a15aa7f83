import ky, { type KyInstance } from 'ky';
import type { ClientSettings, ProbedClient } from '../probes/probed-client.ts';
import { probePart } from '../probes/run-probe.ts';

/**
 * ky with its defaults: 2 retries, not for POST; 10 s an attempt, and as long again for its body. A deadline is `totalTimeout`. Its login
 * is the hook that its documentation gives for a 401: a new token on the first one of a call. A key is a header that one gives.
 */
export const probedKy = probePart(import.meta.url, 'probedKy', {
  connect: (url, settings) => probed(ky.create(totalOf(settings)), url),
  async connectWithLogin(url, settings) {
    const logIn = () => ky.post(`${url}/auth/token`).json<{ access_token: string }>();
    let { access_token: token } = await logIn();
    const api = ky.create({
      ...totalOf(settings),
      hooks: {
        beforeRequest: [({ request }) => request.headers.set('Authorization', `Bearer ${token}`)],
        afterResponse: [
          async ({ request, response, retryCount }) => {
            if (response.status !== 401 || retryCount > 0) return undefined;
            ({ access_token: token } = await logIn());
            const headers = new Headers(request.headers);
            headers.set('Authorization', `Bearer ${token}`);
            return ky.retry({ request: new Request(request, { headers }), code: 'TOKEN_REFRESHED' });
          },
        ],
      },
    });
    return probed(api, url);
  },
});

const totalOf = ({ deadlineMs }: ClientSettings) => (deadlineMs === undefined ? {} : { totalTimeout: deadlineMs });

const probed = (api: KyInstance, url: string): ProbedClient => ({
  get: (options = {}) => api.get(`${url}/probe`, options).json(),
  post: (keyed) =>
    api.post(`${url}/probe`, { json: {}, headers: keyed ? { 'idempotency-key': crypto.randomUUID() } : {} }).json(),
});
