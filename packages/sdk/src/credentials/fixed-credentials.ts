import type { CredentialSource, Grant } from './credential-source.ts';

/** The same for ever, as an API key; null: nothing. */
export const fixedCredentials = (grant: Grant | null): CredentialSource => ({
  current: async () => grant,
  refused: async () => false,
});
