import { usageError } from '../exit-codes.ts';
import type { Credentials } from './credentials.ts';

/** An API key or access token that somebody has given, as `ORDINAUT_TOKEN`. @throws CliError for what cannot be one. */
export function givenToken(text: string): Credentials {
  const token = text.trim();
  // The text itself is not shown: it may be half of a secret.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw usageError('ORDINAUT_TOKEN has a blank or another character that no token has; copy it again.');
  }
  return {
    token: async () => token,
    renew: async () => false,
    complaint: (reason) => `ORDINAUT_TOKEN, which goes before a login, was refused: ${reason}`,
  };
}
