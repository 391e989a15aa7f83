/** What somebody needs to call a tool, from wherever: its scopes, or that for tools which ask for none. */
export const neededScopes = ({ scopes }: { readonly scopes: readonly string[] }): readonly string[] =>
  scopes.length > 0 ? scopes : ['tools:call'];
