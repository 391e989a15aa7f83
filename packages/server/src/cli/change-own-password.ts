import type { OperationResult } from '@ordinaut/sdk';
import type { Connection } from './connect.ts';
import { CredentialFile } from './credentials/credential-file.ts';

/**
 * Changes the password of whoever the client stands for. That ends every session of theirs, so a login that is kept here is made
 * anew.
 *
 * @returns the answer of the server, and whether the login was made anew.
 */
export async function changeOwnPassword(
  { url, client }: Connection,
  flags: { passwordStdin?: true },
): Promise<{ done: OperationResult; isLoggedIn: boolean }> {
  const [current_password, new_password] = await passwords(flags);
  const isKept = !process.env.ORDINAUT_TOKEN?.trim() && (await new CredentialFile().read(url)) !== null;
  const done = await client.users.changePassword({ current_password, new_password });
  const name = done.details?.username;
  if (!isKept || typeof name !== 'string') return { done, isLoggedIn: false };
  const { logIn } = await import('./log-in.ts');
  const again = logIn(url, { kind: 'user', name, secret: new_password });
  // The password is changed all the same; the server's sentence says to log in.
  return { done, isLoggedIn: await again.then(() => true).catch(() => false) };
}

async function passwords({ passwordStdin }: { passwordStdin?: true }): Promise<readonly [string, string]> {
  if (passwordStdin) {
    const { readSecrets } = await import('./read-secrets.ts');
    const [present = '', next = ''] = await readSecrets('--password-stdin', ['your present password', 'the new one']);
    return [present, next];
  }
  const { askNewPassword, askSecret, assertTerminal } = await import('./ask.ts');
  assertTerminal('Give --password-stdin, with your present password and the new one on a line each.');
  const present = await askSecret('Present password:');
  return [present, await askNewPassword()];
}
