import Type, { type Static } from 'typebox';
import { RunFailure } from '../../kernel/errors.ts';
import type { GuardedHttpClient, HttpResponse } from '../../outgoing/guarded-client.ts';
import { defineTool } from '../define-tool.ts';
import type { Tool } from '../tool.ts';

const defaultMaxBytes = 1_048_576;
const maxRedirects = 5;

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);

const Input = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 8192 }),
    method: Type.Optional(
      Type.String({ pattern: '^[A-Za-z]{1,20}$', default: 'GET', description: 'Any method but CONNECT and TRACE' }),
    ),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    query: Type.Optional(
      Type.Record(Type.String(), Type.Union([Scalar, Type.Array(Scalar)]), {
        description: 'Added to the query of the URL; null is left out, a list repeats the name',
      }),
    ),
    json: Type.Optional(Type.Unknown({ description: 'Body, sent as JSON' })),
    body: Type.Optional(Type.String({ description: 'Body, sent as it is' })),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 86_400,
        description: 'Default: what is left of the time of the step',
      }),
    ),
    follow_redirects: Type.Optional(Type.Boolean({ default: true, description: 'At most 5' })),
    fail_on_status: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether a status of 400 or more fails' }),
    ),
    max_response_bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 67_108_864, default: defaultMaxBytes })),
  },
  { additionalProperties: false, not: { required: ['json', 'body'] } },
);

const Output = Type.Object({
  status: Type.Integer(),
  headers: Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String())])),
  body: Type.Unknown(),
  encoding: Type.Enum(['json', 'text', 'base64'], { description: 'What `body` is' }),
  url: Type.String({ description: 'Where the answer came from, after redirects' }),
  duration_ms: Type.Number(),
});

/**
 * Sends an HTTP request to the public internet, and to what `ORDINAUT_HTTP_ALLOW` opens.
 *
 * Methods other than GET, HEAD and OPTIONS carry `Idempotency-Key: runId:stepId`, so that the other side can recognise a
 * repetition after a crash.
 */
export const httpRequest = (client: GuardedHttpClient): Tool =>
  defineTool({
    name: 'http.request',
    description: 'Sends an HTTP request and answers status, headers and body (parsed when it is JSON).',
    input: Input,
    outputSchema: Output,
    annotations: { readOnly: false, destructive: true, idempotent: false, openWorld: true },
    scopes: [],
    async call(input, call) {
      const method = (input.method ?? 'GET').toUpperCase();
      const url = withQuery(input.url, input.query ?? {});
      const begin = performance.now();
      const response = await client.request({
        method,
        url,
        headers: headersOf(input, method, call.idempotencyKey),
        body: input.json === undefined ? (input.body ?? null) : JSON.stringify(input.json),
        signal: call.signal,
        timeoutMs: input.timeout_seconds === undefined ? null : input.timeout_seconds * 1000,
        maxResponseBytes: input.max_response_bytes ?? defaultMaxBytes,
        maxRedirects: input.follow_redirects === false ? 0 : maxRedirects,
      });
      const duration_ms = Math.round((performance.now() - begin) * 10) / 10;
      if (response.status >= 400 && input.fail_on_status !== false) throw statusFailure(method, response);
      return {
        status: response.status,
        headers: response.headers,
        ...decodeBody(response),
        url: response.url,
        duration_ms,
      };
    },
  });

function withQuery(text: string, query: NonNullable<Static<typeof Input>['query']>): string {
  const entries = Object.entries(query);
  // Text that is no URL is refused by the client, in its words.
  if (entries.length === 0 || !URL.canParse(text)) return text;
  const url = new URL(text);
  for (const [name, value] of entries) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null) url.searchParams.append(name, String(item));
    }
  }
  return url.href;
}

function headersOf(input: Static<typeof Input>, method: string, idempotencyKey: string): Record<string, string> {
  const headers = { ...input.headers };
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  if (input.json !== undefined && !given.has('content-type')) headers['content-type'] = 'application/json';
  if (!['GET', 'HEAD', 'OPTIONS'].includes(method) && !given.has('idempotency-key')) {
    headers['idempotency-key'] = idempotencyKey;
  }
  return headers;
}

const textual = /^text\/|^application\/(?:xml|javascript|x-www-form-urlencoded|yaml|x-ndjson|graphql)$|\+(?:xml|yaml)$/;
const json = /^application\/json$|\+json$/;

function decodeBody({ headers, body }: HttpResponse): Pick<Static<typeof Output>, 'body' | 'encoding'> {
  const [type = '', ...parameters] = String(headers['content-type'] ?? '').split(';');
  const mime = type.trim().toLowerCase();
  if (json.test(mime)) {
    const text = body.toString('utf8');
    try {
      return { body: text === '' ? null : JSON.parse(text), encoding: 'json' };
    } catch {
      return { body: text, encoding: 'text' };
    }
  }
  if (mime !== '' && !textual.test(mime)) return { body: body.toString('base64'), encoding: 'base64' };
  const charset = parameters.map((parameter) => /^\s*charset="?([^"\s]+)/i.exec(parameter)?.[1]).find(Boolean);
  try {
    return { body: new TextDecoder(charset ?? 'utf-8', { fatal: true }).decode(body), encoding: 'text' };
  } catch {
    return { body: body.toString('base64'), encoding: 'base64' };
  }
}

function statusFailure(method: string, response: HttpResponse): RunFailure {
  const { origin, pathname } = new URL(response.url);
  const start = response.body.subarray(0, 800).toString('utf8').slice(0, 200).trim();
  const sentence = `${method} ${origin}${pathname} answered ${response.status}${start === '' ? '.' : `: ${start}`}`;
  return new RunFailure(failureCode(response.status), sentence);
}

function failureCode(status: number): RunFailure['code'] {
  if (status === 401) return 'authentication_failed';
  if (status === 403) return 'permission_denied';
  if (status === 404 || status === 410) return 'not_found';
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'http_error' : 'http_rejected';
}
