import type { CreatedUser, TokenAnswer } from '@ordinaut/contract';
import type { TestApi } from '../support/server.ts';

export const ADMIN_PASSWORD = 'correct horse battery';

/** Settings of a server that everybody has to log in to. */
export const withLogin = (more: Record<string, string> = {}): Record<string, string> => ({
  ORDINAUT_AUTH: 'required',
  ORDINAUT_ADMIN_PASSWORD: ADMIN_PASSWORD,
  ORDINAUT_AUTH_RATE_LIMIT: 'off',
  ...more,
});

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

export async function logIn(
  api: TestApi,
  username = 'admin',
  password = ADMIN_PASSWORD,
  scopes?: readonly string[],
): Promise<TokenAnswer> {
  const body = { username, password, ...(scopes && { scopes }) };
  const answer = await api.call<TokenAnswer>('POST', '/auth/token', body);
  if (answer.status !== 200) throw new Error(`${username} cannot log in: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A user with exactly these scopes, logged in. */
export async function newUser(
  api: TestApi,
  admin: string,
  fields: { username: string; scopes?: readonly string[]; role?: string },
): Promise<{ user: CreatedUser; password: string; tokens: TokenAnswer }> {
  const { body: user, status } = await api.call<CreatedUser>('POST', '/users', fields, bearer(admin));
  if (status !== 201) throw new Error(`No user: ${JSON.stringify(user)}`);
  // Without a role of its own it has that of a viewer.
  if (fields.role === undefined) await api.call('PATCH', `/users/${fields.username}`, { role: null }, bearer(admin));
  const password = user.password ?? '';
  return { user, password, tokens: await logIn(api, fields.username, password) };
}
