import type { Me } from '@ordinaut/sdk';
import { CredentialFile } from './credentials/credential-file.ts';
import { type KeptLogin, keptLoginOf } from './credentials/kept-login.ts';
import { KeptSession } from './credentials/kept-session.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { endSession } from './log-out.ts';
import { openClient } from './open-client.ts';

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
 * @throws OrdinautError as the client; CliError where it cannot be kept.
 */
export async function logIn(url: string, { kind, name, secret }: Login): Promise<Me> {
  const file = new CredentialFile();
  const before = await file.read(url);
  const { auth } = openClient(url);
  // The file is locked and can be written before there is anything to keep.
  await file.change(url, async () => {
    const askedAt = Date.now();
    const answer =
      kind === 'agent'
        ? await auth.agentToken({ agent_id: name, agent_secret: secret })
        : await auth.token({ username: name, password: secret });
    const login = keptLoginOf(kind, answer, askedAt);
    if (login !== null) return login;
    throw new CliError(exitCodes.failed, `${url} answers, but not as Ordinaut does: there are no tokens.`);
  });
  // Nobody needs it any more; where it cannot be ended it ends by itself.
  if (before !== null) await endSession(url, before).catch(() => {});
  return openClient(url, new KeptSession(url, file)).users.me();
}
