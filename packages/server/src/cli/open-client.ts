import { OrdinautClient } from '@ordinaut/sdk';
import { version } from '../kernel/version.ts';
import type { Credentials } from './credentials/credentials.ts';

/** Whoever waits ends what takes too long; a command that gave up by itself would only have to be given again. Below the 300 s after which `fetch`
 * takes the connection for broken. */
const patient = { attemptTimeoutMs: 290_000, timeoutMs: 300_000 };

/**
 * The client of a command.
 *
 * @param url of `serverUrl`.
 * @param credentials what each request shows; null: nothing, as for logging in.
 */
export const openClient = (url: string, credentials: Credentials | null = null): OrdinautClient =>
  new OrdinautClient({
    baseUrl: url,
    // Whoever logs in or shows a token without encryption is warned.
    allowInsecureHttp: true,
    userAgent: `ordinaut/${version}`,
    timeouts: { read: patient, write: patient },
    // Somebody waits: that no server answers is said at once.
    retry: { attempts: 4, baseMs: 25, maxMs: 2_000, maxRetryAfterMs: 10_000 },
    // One command is not many: nothing is spared by not asking.
    circuit: false,
    // The server checks what it gets and names the fields; its schemas take long to load.
    validation: { requests: 'off', responses: 'off' },
    ...(credentials !== null && {
      token: () => credentials.token(),
      onUnauthorized: (refused) => credentials.renew(refused),
    }),
  });
