import { warnOfPlainHttp } from '../warn-of-plain-http.ts';
import { CredentialFile } from './credential-file.ts';
import type { Credentials } from './credentials.ts';
import { givenToken } from './given-token.ts';
import { KeptSession } from './kept-session.ts';

/** What to show a server: `ORDINAUT_TOKEN`, or else the login that is kept for it. */
export const credentialsOf = (url: string): Credentials => {
  const given = process.env.ORDINAUT_TOKEN?.trim();
  if (!given) return new KeptSession(url, new CredentialFile());
  // A login was warned of when it was made.
  warnOfPlainHttp(url);
  return givenToken(given);
};
