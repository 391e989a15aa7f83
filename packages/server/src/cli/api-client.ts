import { CliError, exitCodes, usageError } from './exit-codes.ts';

/** Milliseconds that an answer is waited for. A tool may take five minutes. */
const ANSWER_TIMEOUT_MS = 330_000;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
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

/** @throws CliError with exit code 2 unless `url` is an http(s) URL. */
export function createClient(url: string): ApiClient {
  const base = parseBase(url);

  async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const target = new URL(base + path);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) target.searchParams.set(name, value);
    }
    let response: Response;
    try {
      response = await fetch(target, {
        method,
        headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        signal: options.signal ?? AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new CliError(exitCodes.unreachable, `No server answers at ${base}${reasonOf(error)}.`, { cause: error });
    }
    if (!response.ok) throw await refusal(response, base);
    return response;
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
        throw new CliError(exitCodes.failed, `${base} answers, but not as Ordinaut does: ${text.slice(0, 100)}`, {
          cause: error,
        });
      }
    },
  };
}

function parseBase(url: string): string {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    throw usageError(`The URL of the server is ${JSON.stringify(url)}; it must be like http://127.0.0.1:8080.`);
  }
  return base.href.replace(/\/+$/, '');
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return '';
  return ` (${'code' in cause ? String(cause.code) : cause.message})`;
}

async function refusal(response: Response, base: string): Promise<CliError> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return new CliError(
      exitCodes.failed,
      `${base} answered ${response.status} ${response.statusText}, not as Ordinaut does.`,
    );
  }
  return new CliError(exitCodes.failed, sentenceOf(body) ?? `The server answered ${response.status}.`, { body });
}

/** The sentence of an error body, and every field that is not right on a line of its own. */
function sentenceOf(body: unknown): string | null {
  if (!isRecord(body) || typeof body.message !== 'string') return null;
  const errors = isRecord(body.details) && Array.isArray(body.details.errors) ? body.details.errors : [];
  const lines = errors
    .filter(isRecord)
    .map(({ field, issue }) => `  ${field === '' ? 'body' : String(field)}: ${String(issue)}`);
  return lines.length === 0 ? body.message : ['The server did not accept it:', ...lines].join('\n');
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
