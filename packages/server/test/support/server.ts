import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:http';
import type { Page, Run, RunSummary, Task, TaskInput } from '@ordinaut/contract';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { type RunningServer, type ServerParts, serve } from '../../src/server.ts';
import { logger, type TestPlace } from './stores.ts';

/** Settings for a server on a test place, as environment variables. */
export const environmentOf = (place: TestPlace, extra: Record<string, string> = {}): Record<string, string> => ({
  ORDINAUT_DATA_DIR: place.directory,
  ORDINAUT_PORT: '0',
  ORDINAUT_HTTP_ALLOW: '127.0.0.1',
  ORDINAUT_LOG_LEVEL: 'silent',
  ORDINAUT_RATE_LIMIT: 'off',
  ORDINAUT_DRAIN_SECONDS: '5',
  ...(place.databaseUrl === null ? {} : { DATABASE_URL: place.databaseUrl }),
  ...extra,
});

/** A real server in this process, with a client for its API. */
export async function startServer(
  place: TestPlace,
  options: {
    environment?: Record<string, string>;
    clock?: Clock;
    onHandlerEvents?: ServerParts['onHandlerEvents'];
  } = {},
): Promise<TestApi & { server: RunningServer }> {
  const config = loadConfig(environmentOf(place, options.environment), {});
  const { clock, onHandlerEvents } = options;
  const server = await serve(config, { logger, ...(clock && { clock }), ...(onHandlerEvents && { onHandlerEvents }) });
  return Object.assign(api(server.url ?? ''), { server });
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface TestApi {
  readonly url: string;
  call<Body>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<Body>>;
  createTask(fields: Partial<TaskInput> & Pick<TaskInput, 'payload'>): Promise<Task>;
  runNow(taskId: string, params?: Record<string, unknown>): Promise<string>;
  /** The run when it is over; follows its stream. */
  ended(runId: string): Promise<Run>;
  /** The runs of a task as soon as `count` of them are over. */
  runsOf(taskId: string, count: number): Promise<RunSummary[]>;
}

export function api(url: string): TestApi {
  const call = async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? null : JSON.parse(text)) as Body,
    };
  };
  const expectStatus = <Body>(answer: Answer<Body>, status: number): Body => {
    if (answer.status === status) return answer.body;
    throw new Error(`Expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  };
  const ended = async (runId: string): Promise<Run> => {
    const response = await fetch(`${url}/runs/${runId}/stream`, { headers: { accept: 'text/event-stream' } });
    await response.text();
    return expectStatus(await call<Run>('GET', `/runs/${runId}`), 200);
  };
  return {
    url,
    call,
    ended,
    async createTask(fields) {
      const input = { title: 'test', schedule_kind: 'once', schedule_expr: '2099-01-01T00:00:00Z', ...fields };
      return expectStatus(await call<Task>('POST', '/tasks', input), 201);
    },
    async runNow(taskId, params) {
      const answer = await call<{ details: { run_id: string } }>(
        'POST',
        `/tasks/${taskId}/run_now`,
        params && { params },
      );
      return expectStatus(answer, 202).details.run_id;
    },
    async runsOf(taskId, count) {
      for (;;) {
        const page = expectStatus(await call<Page<RunSummary>>('GET', `/runs?task_id=${taskId}&limit=200`), 200);
        const over = page.items.filter((run) => run.finished_at !== null);
        if (over.length >= count) return over.toReversed();
        const open = page.items.find((run) => run.finished_at === null);
        if (open !== undefined) await ended(open.id);
        else await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

/** A real HTTP server a step can talk to. @param port default: any that is free. */
export async function listen(
  answer: (request: IncomingMessage & { text: string }, response: ServerResponse) => void,
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    answer(Object.assign(request, { text }), response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
