import { createClient } from './api-client.ts';
import { CredentialFile } from './credentials/credential-file.ts';
import { type KeptLogin, keptLoginOf } from './credentials/kept-login.ts';
import { KeptSession } from './credentials/kept-session.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { endSession } from './log-out.ts';

/** Who logs in. */
export interface Login {
  readonly kind: KeptLogin['kind'];
  /** Name of the user, or name or id of the agent. */
  readonly name: string;
  readonly secret: string;
}

/**
 * Logs in and keeps the tokens. The login that was kept for this server before is ended.
 *
 * @returns who the server says it is.
 * @throws CliError as the client.
 */
export async function logIn(url: string, { kind, name, secret }: Login): Promise<unknown> {
  const file = new CredentialFile();
  const before = await file.read(url);
  // The file is locked and can be written before there is anything to keep.
  await file.change(url, async () => {
    const askedAt = Date.now();
    const answer =
      kind === 'agent'
        ? await createClient(url).request('POST', '/agents/auth/token', {
            body: { agent_id: name, agent_secret: secret },
          })
        : await createClient(url).request('POST', '/auth/token', { body: { username: name, password: secret } });
    const login = keptLoginOf(kind, answer, askedAt);
    if (login !== null) return login;
    throw new CliError(exitCodes.failed, `${url} answers, but not as Ordinaut does: there are no tokens.`);
  });
  // Nobody needs it any more; where it cannot be ended it ends by itself.
  if (before !== null) await endSession(url, before).catch(() => {});
  return createClient(url, new KeptSession(url, file)).request('GET', '/users/me');
}
