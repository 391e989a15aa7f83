import type { Connection } from './connect.ts';
import { CredentialFile } from './credentials/credential-file.ts';
import type { KeptLogin } from './credentials/kept-login.ts';
import { CliError } from './exit-codes.ts';
import { openClient } from './open-client.ts';

const END_TIMEOUT_MS = 10_000;

/** Ends a session at its server. @throws OrdinautError as the client. */
export async function endSession(url: string, { kind, refresh_token }: KeptLogin): Promise<void> {
  const { auth } = openClient(url);
  const revoke = kind === 'agent' ? auth.agentRevoke : auth.revoke;
  await revoke({ refresh_token }, { timeoutMs: END_TIMEOUT_MS });
}

/** What became of a logout. */
export interface LoggedOut {
  readonly success: true;
  readonly message: string;
  readonly details: { readonly url: string; readonly was_logged_in: boolean; readonly server_told: boolean };
}

/** Ends the login that is kept for a server, and forgets it also where the server cannot be told. */
export async function logOut({ url, explain }: Connection): Promise<LoggedOut> {
  const file = new CredentialFile();
  const login = await file.read(url);
  const result = (message: string, server_told: boolean): LoggedOut => ({
    success: true,
    message,
    details: { url, was_logged_in: login !== null, server_told },
  });
  if (login === null) return result(`Nobody was logged in to ${url}.`, false);
  let failure: string | null = null;
  try {
    await endSession(url, login);
  } catch (error) {
    const explained = explain(error);
    if (!(explained instanceof CliError)) throw explained;
    failure = explained.message;
  }
  // Another process may have kept the next tokens of the same session meanwhile.
  await file.change(url, async () => null);
  if (failure === null) return result(`Logged out of ${url}.`, true);
  return result(
    `The login is forgotten here, but the server could not be told: ${failure} There it ends by itself at ${login.refresh_expires_at}.`,
    false,
  );
}
