import type { Credentials } from './credentials/credentials.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { refusalOf } from './refusal.ts';
import { sendPatiently } from './send-patiently.ts';

export { isRecord } from './is-record.ts';

/** Milliseconds that an answer is waited for. A tool may take five minutes. */
const ANSWER_TIMEOUT_MS = 330_000;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly content?: { readonly bytes: Buffer<ArrayBuffer>; readonly type: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds that the answer is waited for, where there is no signal. */
  readonly timeoutMs?: number;
}

/** Talks to the server for the command line: JSON in and out, errors as sentences. */
export interface ApiClient {
  readonly url: string;
  /**
   * The answer of an operation.
   *
   * @throws CliError with exit code 1 where the server said no, 3 where none answers.
   */
  request(method: string, path: string, options?: RequestOptions): Promise<unknown>;
  /** The same, for an answer that is read as it comes. */
  open(path: string, options?: RequestOptions): Promise<Response>;
}

/**
 * @param base of `serverUrl`.
 * @param credentials what each request shows; null: nothing, as for logging in.
 */
export function createClient(base: string, credentials: Credentials | null = null): ApiClient {
  async function attempt(method: string, path: string, options: RequestOptions, token: string | null) {
    const target = new URL(base + path);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, value);
    }
    const content = contentOf(options);
    const headers = {
      ...(content === null ? {} : { 'content-type': content.type }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers,
    };
    try {
      return await fetch(target, {
        method,
        headers,
        ...(content === null ? {} : { body: content.bytes }),
        signal: options.signal ?? AbortSignal.timeout(options.timeoutMs ?? ANSWER_TIMEOUT_MS),
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new CliError(exitCodes.unreachable, unreachable(base, error), { cause: error });
    }
  }

  async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const ask = (token: string | null) => sendPatiently(() => attempt(method, path, options, token), options.signal);
    const token = (await credentials?.token()) ?? null;
    let response = await ask(token);
    // What was refused so was not begun: a change may be sent again too.
    if (response.status === 401 && credentials !== null && token !== null && (await credentials.renew(token))) {
      await response.body?.cancel();
      response = await ask(await credentials.token());
    }
    if (response.ok) return response;
    throw await refusalOf(response, base, credentials?.complaint.bind(credentials));
  }

  return {
    url: base,
    open: (path, options = {}) => send('GET', path, options),
    async request(method, path, options = {}) {
      const response = await send(method, path, options);
      const text = await response.text();
      try {
        return JSON.parse(text);
      } catch (error) {
        // Broken JSON may be that of an answer with a secret in it.
        const isJson = response.headers.get('content-type')?.includes('json') === true;
        const shown = isJson ? '.' : `: ${text.slice(0, 100)}`;
        throw new CliError(exitCodes.failed, `${base} answers, but not as Ordinaut does${shown}`, { cause: error });
      }
    },
  };
}

function contentOf({ body, content }: RequestOptions): { bytes: string | Buffer<ArrayBuffer>; type: string } | null {
  if (content !== undefined) return content;
  return body === undefined ? null : { bytes: JSON.stringify(body), type: 'application/json' };
}

/** What OpenSSL says of a certificate that this machine has no reason to trust. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|ERR_TLS_CERT/;

function unreachable(base: string, error: unknown): string {
  const reason = reasonOf(error);
  if (untrusted.test(reason))
    return `This machine does not trust the certificate of ${base}${reason}. Name it, or who has signed it, in NODE_EXTRA_CA_CERTS.`;
  return `No server answers at ${base}${reason}.`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return ' in time';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return '';
  return ` (${'code' in cause ? String(cause.code) : cause.message})`;
}
