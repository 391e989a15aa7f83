import OpenAI from 'openai';
import type { ClientSettings, ProbedClient } from '../probes/probed-client.ts';
import { probePart } from '../probes/run-probe.ts';

const MODEL = 'probe';
const TOKEN_URL = 'https://auth.openai.com/oauth/token';

/**
 * openai with its defaults: 2 retries, 10 minutes an attempt. A deadline is `timeout`, which is for each attempt; there is none for a
 * call. Its login is a workload identity, the only credentials that it renews; the address of that login is fixed, so `fetch` leads it
 * to the probe server. A key is the request option `idempotencyKey`. A stream is that of a chat completion.
 */
export const probedOpenai = probePart(import.meta.url, 'probedOpenai', {
  connect: (baseURL, settings) => probed(new OpenAI({ baseURL, apiKey: 'key', ...timeoutOf(settings) })),
  connectWithLogin: async (baseURL, settings) =>
    probed(
      new OpenAI({
        baseURL,
        fetch: (url, init) => fetch(String(url) === TOKEN_URL ? `${baseURL}/auth/token` : url, init),
        workloadIdentity: {
          identityProviderId: 'probe',
          serviceAccountId: 'probe',
          provider: { tokenType: 'jwt', getToken: async () => 'subject' },
        },
        ...timeoutOf(settings),
      }),
    ),
});

const timeoutOf = ({ deadlineMs }: ClientSettings) => (deadlineMs === undefined ? {} : { timeout: deadlineMs });

function probed(client: OpenAI): ProbedClient {
  const messages = [{ role: 'user' as const, content: 'probe' }];
  return {
    get: async (options = {}) => client.models.retrieve(MODEL, options),
    post: async (keyed) =>
      client.chat.completions.create({ model: MODEL, messages }, keyed ? { idempotencyKey: crypto.randomUUID() } : {}),
    async *stream() {
      yield* await client.chat.completions.create({ model: MODEL, messages, stream: true });
    },
  };
}
