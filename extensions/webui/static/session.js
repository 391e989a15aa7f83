import { Refusal } from './refusal.js';
import { includesScope } from './scopes.js';

const PATH = '/auth/session';
/** Milliseconds that a look at the server may take, and a change. */
const READ_MS = 10_000;
const CHANGE_MS = 30_000;

/**
 * Who uses the page, and the way to the server for them. Everything is asked for with the session that it is for, so that an answer
 * which comes after its end says so: its requests are aborted.
 */
export class Session {
  #answer;
  #ended = new AbortController();

  constructor(answer) {
    this.#answer = answer;
  }

  /** The session that the browser has. @throws Refusal 401 where it has none. */
  static async open() {
    return new Session(await send('GET', PATH));
  }

  static async begin(username, password) {
    return new Session(await send('POST', PATH, { body: { username, password } }));
  }

  /** False where the server lets everybody in: then there is nobody to show and nothing to sign out of. */
  get isSomebody() {
    return this.#answer.authenticated;
  }

  /** Only what came by the cookie can be signed out of here; a proxy may have sent something else along. */
  get canEnd() {
    return this.#answer.via === 'session';
  }

  get id() {
    return this.#answer.id;
  }

  get username() {
    return this.#answer.username;
  }

  get role() {
    return this.#answer.role;
  }

  get isOver() {
    return this.#ended.signal.aborted;
  }

  may(scope) {
    return includesScope(this.#answer.scopes, scope);
  }

  /** Whether it is the same session, maybe with other rights: then what is under way for the other still counts. */
  continues(other) {
    return this.id === other.id && this.#answer.csrf_token === other.#answer.csrf_token;
  }

  /** Whether nothing has changed. */
  equals(other) {
    return JSON.stringify(this.#answer) === JSON.stringify(other.#answer);
  }

  /** @throws Refusal */
  request(method, path, body) {
    const { csrf_token: token, authenticated, scopes } = this.#answer;
    const headers = {
      ...(token !== null && method !== 'GET' && { 'x-csrf-token': token }),
      // Where nobody signs in, a server with ORDINAUT_REQUIRE_SCOPES wants them shown.
      ...(!authenticated && scopes.length > 0 && { 'x-scopes': scopes.join(',') }),
    };
    return send(method, path, { body, headers, signal: this.#ended.signal });
  }

  /** Signs out. */
  end() {
    return this.request('DELETE', PATH);
  }

  /** Nothing that is under way for it counts any more. */
  abandon() {
    this.#ended.abort();
  }
}

async function send(method, path, { body, headers = {}, signal } = {}) {
  const timeout = AbortSignal.timeout(method === 'GET' ? READ_MS : CHANGE_MS);
  const response = await fetch(path, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body: JSON.stringify(body),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new Refusal(response, answer);
  return answer;
}
