import type { OperationResult } from '@ordinaut/contract';
import type { Caller } from '../../identity/caller.ts';
import { csrfTokenOf, endedCookie, sessionCookie } from '../door/session-cookie.ts';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';
import { toMe } from './me.ts';

export const authRoutes = ({ auth, apiKeys }: HttpServices): OperationHandlers<IdsOf<'auth'>> => {
  const end = async ({ sessionId, via }: Caller): Promise<OperationResult> => {
    if (sessionId !== null) await auth.endSession(sessionId);
    const message =
      via === 'api_key'
        ? 'An API key has no session; revoke it with DELETE /auth/api-keys/{id}.'
        : sessionId === null
          ? 'Nobody was logged in.'
          : 'The session has ended.';
    return { success: true, message, details: {} };
  };
  return {
    'auth.token': ({ body, caller, noteName }) => auth.logIn(body, caller.address, noteName),
    'auth.refresh': ({ body, noteName }) => auth.refresh(body, noteName),
    'auth.revoke': ({ body, noteName }) => auth.revoke(body, noteName),
    'auth.logout': ({ caller }) => end(caller),
    'auth.agent_token': ({ body, caller, noteName }) => auth.logInAgent(body, caller.address, noteName),
    'auth.agent_refresh': ({ body, noteName }) => auth.refresh(body, noteName),
    'auth.agent_revoke': ({ body, noteName }) => auth.revoke(body, noteName),
    'auth.session': ({ caller, cookie }) => ({
      ...toMe(caller),
      csrf_token: cookie === null ? null : csrfTokenOf(cookie),
    }),
    'auth.begin_session': async ({ body, caller, secure, setHeader, noteName }) => {
      const { cookie, principal, scopes, endsAt } = await auth.logInBrowser(body, caller.address, noteName);
      setHeader('set-cookie', sessionCookie(cookie, { isSecure: secure, expires: new Date(endsAt) }));
      const { id, kind, name, role } = principal;
      const me = toMe({ ...caller, identity: { id, kind, name, role }, scopes, via: 'session' });
      return { ...me, csrf_token: csrfTokenOf(cookie) };
    },
    'auth.end_session': async ({ caller, secure, setHeader }) => {
      const ended = await end(caller);
      setHeader('set-cookie', endedCookie(secure));
      return ended;
    },
    'auth.create_api_key': ({ body, caller }) => apiKeys.create(body, caller),
    'auth.list_api_keys': ({ query, caller }) => apiKeys.list(query, caller),
    'auth.revoke_api_key': ({ params, caller }) => apiKeys.revoke(params.id, caller),
  };
};
