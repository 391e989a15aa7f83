import type {
  Alert,
  Approval,
  ExtensionStatus,
  Handler,
  PublishedEvent,
  Run,
  Task,
  TaskInput,
  ToolInfo,
} from '@ordinaut/contract';
import { type Clock, systemClock } from '../clock.ts';
import { type AnswerSettings, answerOperations } from './answer-operations.ts';
import type { World } from './call.ts';
import type { Exchange } from './exchange.ts';
import { Faults } from './faults.ts';
import { fetchOf } from './fetch-exchange.ts';
import { type CutBy, LiveStreams } from './live-streams.ts';
import { addAlert } from './operations/alerts.ts';
import { addApiKey } from './operations/api-keys.ts';
import { addApproval } from './operations/approvals.ts';
import { addHandler } from './operations/event-handlers.ts';
import { newExtension } from './operations/extensions.ts';
import { addPrincipal } from './operations/principals.ts';
import { finishRun, startRun } from './operations/run-life.ts';
import { addTask } from './operations/tasks.ts';
import { builtinTools, newTool } from './operations/tools.ts';
import { RequestLog, withLog } from './request-log.ts';
import type { Served } from './serve-exchange.ts';
import { sleep } from './sleep.ts';
import { newState, type RunOutcome, type TestState, type TestTool } from './state.ts';
import { withFaults } from './with-faults.ts';

export interface TestUser {
  readonly username: string;
  readonly password: string;
  /** Default: `admin`. Null: only the scopes. */
  readonly role?: string | null;
  readonly scopes?: readonly string[];
  /** An API key of theirs, with all that they may do. Default: none. */
  readonly apiKey?: string;
}

export interface TestServerOptions extends Partial<AnswerSettings> {
  /** Who can log in. Default: `admin` with the password `admin password`. */
  readonly users?: readonly TestUser[];
  /** Default: the time as it is. */
  readonly clock?: Clock;
  /** How long an answer takes, in milliseconds. Default: 0. */
  readonly latencyMs?: number;
  /** How long an access token counts, in seconds. Default: 3,600. */
  readonly accessSeconds?: number;
  /** How long a refresh token counts, in seconds. Default: 30 days. */
  readonly refreshSeconds?: number;
  /** How many events are kept for those who come back with `Last-Event-ID`. Default: 1,000. */
  readonly keepEvents?: number;
  /** What a run comes to that no outcome was put in line for. Default: it succeeds after 5 ms. */
  readonly runOutcome?: World['runOutcome'];
}

/** What a test puts in before its program looks. Everything that is left out has a value that fits the contract. */
export interface Seed {
  task(fields?: Partial<TaskInput>): Task;
  /** A run of a task, by default of a new one. */
  run(task?: Task, outcome?: RunOutcome): Run;
  alert(fields?: Partial<Alert>): Alert;
  /** A question of a run, which ends with its answer. */
  approval(run: Run, fields?: Partial<Approval>): Approval;
  handler(fields?: Partial<Handler>): Handler;
  event(topic: string, data?: unknown): PublishedEvent;
  tool(fields: Partial<ToolInfo> & Pick<ToolInfo, 'name'>, call?: TestTool['call']): void;
  extension(id: string, fields?: Partial<ExtensionStatus>): void;
}

/** A server that speaks the contract, in memory. */
export interface TestServer {
  /** Give it to the client as its `fetch`; any host will do. */
  readonly fetch: typeof fetch;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly state: TestState;
  readonly seed: Seed;
  /** Listens on a free port of the loopback. Needs Node, Bun or Deno. */
  listen(): Promise<Served>;
  /** Lets every access token that was given out count for nothing any more; refresh tokens still do. */
  expireTokens(): void;
  /** Ends every session: refresh tokens count for nothing either. */
  endSessions(): void;
  /** Ends the streams that are open, as a server does that is restarted, or a network that fails; answers how many. */
  cutStreams(by: CutBy): number;
  /** Ends a run that is not over yet; false where it is. */
  finishRun(id: string, outcome?: RunOutcome): boolean;
  /** Ends streams, runs under way and what listens. */
  close(): Promise<void>;
}

const defaultUser: TestUser = { username: 'admin', password: 'admin password' };

/**
 * Makes a server for tests of programs that use the client. It keeps what it is told, checks requests by the contract and answers
 * with the same codes, headers and pages as the real one. What it does not do: tasks do not fire by their schedule, tools are not
 * called by runs, conditions are not evaluated, and handlers make one event of what they are sent.
 *
 * @example
 * const server = createTestServer();
 * const client = new OrdinautClient({ baseUrl: 'http://127.0.0.1', username: 'admin', password: 'admin password', fetch: server.fetch });
 * server.faults.next({ operation: 'tasks.list', status: 503, retryAfter: 1 });
 */
export function createTestServer(options: TestServerOptions = {}): TestServer {
  const { clock = systemClock, users = [defaultUser], latencyMs = 0 } = options;
  const closing = new AbortController();
  const state = newState(clock, options.keepEvents ?? 1000);
  const world: World = {
    state,
    clock,
    closed: closing.signal,
    lifetimes: { accessSeconds: options.accessSeconds ?? 3600, refreshSeconds: options.refreshSeconds ?? 30 * 86_400 },
    runOutcome: options.runOutcome ?? (() => ({})),
  };
  for (const tool of builtinTools()) state.tools.set(tool.info.name, tool);
  for (const { username, password, role = 'admin', scopes = [], apiKey } of users) {
    const user = addPrincipal(world, { kind: 'user', name: username, secret: password, role, scopes });
    if (apiKey !== undefined) addApiKey(world, user, { name: 'test', scopes: ['*'] }, apiKey);
  }
  const faults = new Faults();
  const requests = new RequestLog();
  const listening: Served[] = [];
  const expireTokens = (): void => {
    for (const token of state.tokens.values()) token.expiresAt = Number.NEGATIVE_INFINITY;
  };
  const answers = answerOperations(world, {
    auth: options.auth ?? 'required',
    rateLimit: options.rateLimit === undefined ? { limit: 1000, windowSeconds: 60 } : options.rateLimit,
    authRateLimit: options.authRateLimit === undefined ? { limit: 30, windowSeconds: 60 } : options.authRateLimit,
    heartbeatMs: options.heartbeatMs ?? 15_000,
  });
  const slow: Exchange =
    latencyMs === 0
      ? answers
      : (request) =>
          sleep(clock, latencyMs, request.signal).then(
            () => answers(request),
            () => ({ kind: 'reset' }),
          );
  const streams = new LiveStreams();
  const exchange = withLog(streams.of(withFaults(slow, { faults, clock, expireTokens })), requests, clock);
  return {
    fetch: fetchOf(exchange),
    faults,
    requests,
    state,
    seed: seedOf(world),
    async listen() {
      // Browsers have no sockets, and are not made to load them.
      const { serveExchange } = await import('./serve-exchange.ts');
      const served = await serveExchange(exchange);
      listening.push(served);
      return served;
    },
    expireTokens,
    endSessions() {
      for (const session of state.sessions.values()) session.ended = true;
    },
    cutStreams: (by) => streams.cut(by),
    finishRun: (id, outcome = {}) => finishRun(world, id, outcome),
    async close() {
      closing.abort(new Error('The test server is closed.'));
      await Promise.all(listening.map((served) => served.close()));
    },
  };
}

const emptyTask: TaskInput = {
  title: 'test',
  schedule_kind: 'once',
  schedule_expr: '2099-01-01T00:00:00Z',
  payload: { pipeline: [] },
};

function seedOf(world: World): Seed {
  const { state } = world;
  const task = (fields: Partial<TaskInput> = {}) => addTask(world, { ...emptyTask, ...fields }, null);
  return {
    task,
    run(of = task(), outcome) {
      if (outcome !== undefined) state.outcomes.unshift(outcome);
      return startRun(world, of, { trigger: 'manual', params: null }).run;
    },
    alert: (fields = {}) => addAlert(world, { title: 'test', severity: 'low', source: 'test', ...fields }).alert,
    approval: (run, fields) => addApproval(world, run.id, fields),
    handler: (fields) => addHandler(world, fields),
    event: (topic, data = null) => state.events.publish(topic, data),
    tool: (fields, call) => void state.tools.set(fields.name, newTool(fields, call)),
    extension: (id, fields) => void state.extensions.set(id, newExtension(id, fields)),
  };
}
