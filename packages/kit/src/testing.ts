import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ExtensionsStatus } from '@ordinaut/contract';
import type { Capability } from './capability.ts';
import type { StreamEvent } from './context.ts';
import { watchLeftBehind } from './left-behind.ts';

export interface TestHostOptions {
  /** Folders of extensions, or of several, or module files; absolute. Default: none. */
  readonly extensions?: readonly string[];
  /** Plugins to start. Default: none. */
  readonly plugins?: {
    /** Folder of the plugins; absolute. */
    readonly directory: string;
    /** Names of their files without extension. */
    readonly active: readonly string[];
    /** Configuration by plugin, as an operator would give it. */
    readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    /** Private hosts and networks that `app.http` may reach, for example `127.0.0.1`. */
    readonly httpAllow?: readonly string[];
  };
  /** Configuration by extension id, as an operator would give it. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What extensions get at most, by id; default: what their manifests ask for. */
  readonly grants?: Readonly<Record<string, readonly Capability[]>>;
  /** Another time than the real one. Instants are epoch milliseconds. */
  readonly clock?: TestClock;
  /** Whether the log of the server is written to standard output; default false. */
  readonly log?: boolean;
}

export interface TestClock {
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed where the answer is JSON, otherwise the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape they assert
  readonly body: any;
}

/** A real server with extensions and plugins, for their tests. */
export interface TestHost {
  /** Where it listens, for clients of your own. */
  readonly url: string;
  /** Asks the server: `inject('POST', '/ext/weather/reports', { city: 'Bonn' })`. */
  inject(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<TestAnswer>;
  /** Calls a tool by its full name (`ext.weather.forecast`) and gives its output; throws an Error with the reason it gives. */
  callTool(name: string, input?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Publishes an event, as a program outside would; gives its id. */
  publish(topic: string, data: unknown): Promise<string>;
  /** What extensions have published so far, the oldest first. */
  published(): Promise<StreamEvent[]>;
  /** `/ext/status` with the effects. */
  status(): Promise<ExtensionsStatus>;
  /** Capabilities that were used without being granted: `weather: TOOLS`. */
  readonly refused: readonly string[];
  /**
   * Stops the server and removes its data.
   *
   * @throws Error when an extension or plugin has left a timer, socket or process behind, or has used what it is not granted (unless the
   *   test has looked at `refused`).
   */
  close(): Promise<void>;
}

/**
 * Starts a real server with the given extensions and plugins on an empty database and a free port. Needs the package `ordinaut`.
 *
 * @example
 * ```ts
 * const host = await startTestHost({ extensions: [import.meta.dirname] });
 * const answer = await host.inject('GET', '/ext/weather/hello');
 * await host.close();
 * ```
 */
export async function startTestHost(options: TestHostOptions): Promise<TestHost> {
  const { loadConfig, serve } = await loadServer();
  const { extensions = [], plugins } = options;
  const made = watchLeftBehind([...extensions, ...(plugins ? [plugins.directory] : [])]);
  const directory = await mkdtemp(join(tmpdir(), 'ordinaut-extension-test-'));
  const refused: string[] = [];
  let lookedAt = false;
  const settings = {
    ORDINAUT_PORT: '0',
    ORDINAUT_DATA_DIR: directory,
    ORDINAUT_EXT_PATHS: extensions.join(delimiter),
    ORDINAUT_EXT_CONFIG: JSON.stringify(options.config ?? {}),
    ORDINAUT_LOG_LEVEL: options.log === true ? 'debug' : 'silent',
    ORDINAUT_DRAIN_SECONDS: '1',
    ORDINAUT_DEV: '0',
    ORDINAUT_RATE_LIMIT: 'off',
    ...(plugins && {
      ORDINAUT_PLUGINS_DIR: plugins.directory,
      ORDINAUT_ACTIVE_PLUGINS: JSON.stringify(plugins.active),
      ORDINAUT_PLUGINS_MUST_LOAD: '1',
      ORDINAUT_PLUGIN_CONFIG: JSON.stringify(plugins.config ?? {}),
      ORDINAUT_HTTP_ALLOW: (plugins.httpAllow ?? []).join(','),
    }),
  };
  const server = await serve(loadConfig(settings), {
    ...(options.clock && { clock: options.clock }),
    ...(options.grants && { grants: options.grants }),
    onRefused: (extension, capability) => void refused.push(`${extension}: ${capability}`),
  });
  const url = server.url ?? '';
  const inject: TestHost['inject'] = (method, path, body, headers) => ask(url, method, path, body, headers);
  const expectOk = async <Body>(answer: Promise<TestAnswer>): Promise<Body> => {
    const { status, body } = await answer;
    if (status >= 400) throw new Error(`${status} ${body?.error ?? ''}: ${body?.message ?? body}`);
    return body;
  };
  return {
    url,
    inject,
    async callTool(name, input = {}) {
      const path = `/tools/${encodeURIComponent(name)}/call`;
      const { success, output, error } = await expectOk<ToolAnswer>(inject('POST', path, { input }));
      if (!success) throw new Error(`${error?.code}: ${error?.message}`);
      return output;
    },
    async publish(topic, payload) {
      const { details } = await expectOk<{ details: { stream_id: string } }>(
        inject('POST', '/events', { topic, payload }),
      );
      return details.stream_id;
    },
    async published() {
      const { items } = await expectOk<{ items: readonly RecentEvent[] }>(
        inject('GET', '/events/stream/recent?count=1000'),
      );
      return items
        .filter(({ source }) => source?.startsWith('ext.'))
        .map(toStreamEvent)
        .reverse();
    },
    status: () => expectOk<ExtensionsStatus>(inject('GET', '/ext/status?effects=1')),
    get refused() {
      lookedAt = true;
      return refused;
    },
    async close() {
      made.localize(server.localize);
      await server.stop();
      await rm(directory, { recursive: true, force: true });
      const left = await made.list();
      made.stop();
      const problems = [
        ...(left.length === 0
          ? []
          : [
              `It has left behind: ${left.join(', ')}. An extension takes timers and sockets through ctx, or ends them in shutdown; a plugin ends them in close().`,
            ]),
        ...(refused.length === 0 || lookedAt ? [] : [`Used without being granted: ${refused.join(', ')}.`]),
      ];
      if (problems.length > 0) throw new Error(problems.join('\n'));
    },
  };
}

/** What is needed of the package `ordinaut`, which depends on this one and not the other way round. */
interface Embed {
  loadConfig(environment: Readonly<Record<string, string>>): object;
  serve(
    config: object,
    parts: {
      readonly clock?: TestClock;
      readonly grants?: Readonly<Record<string, readonly Capability[]>>;
      onRefused(extension: string, capability: Capability): void;
    },
  ): Promise<{ readonly url: string | null; localize(frame: string): string; stop(): Promise<void> }>;
}

async function loadServer(): Promise<Embed> {
  const name = 'ordinaut/embed';
  try {
    return (await import(name)) as Embed;
  } catch (cause) {
    throw new Error('The test host needs the package ordinaut: npm install --save-dev ordinaut', { cause });
  }
}

interface ToolAnswer {
  readonly success: boolean;
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface RecentEvent {
  readonly id: string;
  readonly event_id: string;
  readonly stream: string;
  readonly topic: string;
  readonly data: unknown;
  readonly source: string | null;
  readonly published_at: string;
}

const toStreamEvent = ({ event_id, published_at, ...event }: RecentEvent): StreamEvent => ({
  ...event,
  eventId: event_id,
  publishedAt: published_at,
});

/** One request on a connection of its own, so that none is left open. */
function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestAnswer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const contentType = typeof body === 'string' ? 'text/plain' : 'application/json';
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${url}${path}`,
      { method, agent: false, headers: { ...(text === undefined ? {} : { 'content-type': contentType }), ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          const isJson = String(response.headers['content-type'] ?? '').includes('json');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: isJson && answer !== '' ? JSON.parse(answer) : answer,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}
