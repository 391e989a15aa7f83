import { ConfigurationError } from '../errors.ts';
import type { ClientOptions, TokenCredentials } from '../options.ts';
import { bearer, type CredentialSource } from './credential-source.ts';
import { fixedCredentials } from './fixed-credentials.ts';
import { LoginSession, type LoginSessionOptions } from './login-session.ts';
import { providedToken } from './provided-token.ts';

/** Calls one operation of `auth` with a body. */
export type AuthCall = (
  operation: 'auth.token' | 'auth.refresh' | 'auth.agent_token' | 'auth.agent_refresh',
  body: object,
) => Promise<unknown>;

/**
 * What the options of a client say of who it is.
 *
 * @throws ConfigurationError where they say it twice, or half.
 */
export function credentialsOf(
  options: ClientOptions,
  call: AuthCall,
  session: Omit<LoginSessionOptions, 'calls'>,
): CredentialSource {
  const given = (['username', 'agentId', 'apiKey', 'token'] as const).filter(
    (name) => Reflect.get(options, name) !== undefined,
  );
  if (given.length > 1) {
    throw new ConfigurationError(
      `The client was given ${given.map((name) => `"${name}"`).join(' and ')}. Give one of them.`,
    );
  }
  const need = (name: string): string => {
    const value: unknown = Reflect.get(options, name);
    if (typeof value === 'string' && value !== '') return value;
    throw new ConfigurationError(`"${name}" is missing or empty; the client needs it beside "${given[0]}".`);
  };
  const { token, onUnauthorized } = options as Partial<TokenCredentials>;
  if (given[0] === 'token') {
    if (typeof token === 'string' && onUnauthorized === undefined) return fixedCredentials(bearer(need('token')));
    if (typeof token === 'string' || typeof token === 'function') {
      return providedToken({ token, ...(onUnauthorized !== undefined && { onUnauthorized }) }, session.clock);
    }
    throw new ConfigurationError('"token" has to be a text, or a function that gives one.');
  }
  if (given[0] === 'apiKey') {
    const key = need('apiKey');
    return fixedCredentials({ header: 'x-api-key', value: key, token: key });
  }
  if (given[0] === undefined) return fixedCredentials(null);
  const scopes = 'scopes' in options && options.scopes !== undefined ? { scopes: options.scopes } : {};
  const isUser = given[0] === 'username';
  const body = isUser
    ? { username: need('username'), password: need('password'), ...scopes }
    : { agent_id: need('agentId'), agent_secret: need('agentSecret'), ...scopes };
  return new LoginSession({
    ...session,
    calls: {
      login: () => call(isUser ? 'auth.token' : 'auth.agent_token', body),
      refresh: (refresh_token) => call(isUser ? 'auth.refresh' : 'auth.agent_refresh', { refresh_token }),
    },
  });
}
