import type {
  Alert,
  ApiKey,
  Approval,
  AuditEntry,
  ExtensionStatus,
  Handler,
  HandlerEvent,
  Run,
  Task,
  ToolInfo,
} from '@ordinaut/contract';
import type { Clock } from '../clock.ts';
import { EventLog } from './event-log.ts';

/** A user or an agent. */
export interface TestPrincipal {
  readonly id: string;
  readonly kind: 'user' | 'agent';
  readonly name: string;
  description: string | null;
  /** Password or agent secret; null: cannot log in. */
  secret: string | null;
  role: string | null;
  scopes: readonly string[];
  disabled: boolean;
  /** The name stays taken. */
  deleted: boolean;
  readonly created_by: string | null;
  readonly created_at: string;
  updated_at: string;
  last_login_at: string | null;
}

/** What a login has opened: tokens come of it, or a cookie. */
export interface TestSession {
  readonly id: string;
  readonly principal: TestPrincipal;
  /** Narrowed to these; null: all that the principal may. */
  readonly scopes: readonly string[] | null;
  readonly kind: 'token' | 'cookie';
  /** The one refresh token that still counts. */
  refreshToken: string;
  csrf: string;
  ended: boolean;
}

export interface TestToken {
  readonly session: TestSession;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export type TestApiKey = ApiKey & { readonly secret: string; readonly principal: TestPrincipal };

export interface TestTool {
  readonly info: ToolInfo;
  /** What a call gives; one that throws is a failure of the tool. Default: its input. */
  readonly call?: (input: Record<string, unknown>) => unknown;
}

export interface TestExtension {
  readonly id: string;
  status: ExtensionStatus;
  config: Record<string, unknown> | null;
}

/** What a run comes to. */
export interface RunOutcome {
  /** Default: `succeeded`. */
  readonly status?: 'succeeded' | 'failed' | 'canceled';
  /** Milliseconds from the order to the end. Default: 5. `Infinity`: it is still running when the test ends. */
  readonly afterMs?: number;
  readonly output?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly step_id?: string | null };
}

/** Everything that a test server holds, for tests to look at and to change. */
export interface TestState {
  readonly tasks: Map<string, Task>;
  readonly runs: Map<string, Run>;
  readonly alerts: Map<string, Alert>;
  readonly approvals: Map<string, Approval>;
  readonly handlers: Map<string, Handler>;
  readonly handlerEvents: Map<string, HandlerEvent>;
  readonly events: EventLog;
  readonly tools: Map<string, TestTool>;
  readonly extensions: Map<string, TestExtension>;
  readonly principals: TestPrincipal[];
  readonly sessions: Map<string, TestSession>;
  /** By access token. */
  readonly tokens: Map<string, TestToken>;
  readonly apiKeys: Map<string, TestApiKey>;
  readonly audit: AuditEntry[];
  /** What the next runs come to, in order; then `runOutcome` of the options. */
  readonly outcomes: RunOutcome[];
}

export const newState = (clock: Clock, keepEvents: number): TestState => ({
  tasks: new Map(),
  runs: new Map(),
  alerts: new Map(),
  approvals: new Map(),
  handlers: new Map(),
  handlerEvents: new Map(),
  events: new EventLog(clock, keepEvents),
  tools: new Map(),
  extensions: new Map(),
  principals: [],
  sessions: new Map(),
  tokens: new Map(),
  apiKeys: new Map(),
  audit: [],
  outcomes: [],
});
