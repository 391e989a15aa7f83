export type { Answer, Call, CallOptions, Priority } from './call.ts';
export { OrdinautClient } from './client.ts';
export { type Clock, systemClock } from './clock.ts';
export * from './errors.ts';
export type { EventStream, StreamEvent, StreamGap, StreamItem, StreamOptions } from './event-stream.ts';
export type * from './generated/models.ts';
export type { OperationId } from './generated/operations.ts';
export type * from './generated/resources.ts';
export type { List, Page } from './list.ts';
export type { OperationEntry } from './operation-entry.ts';
export { operations } from './operations.ts';
export type {
  AgentLogin,
  ApiKeyCredentials,
  CircuitOptions,
  ClientOptions,
  CommonOptions,
  Credentials,
  NoCredentials,
  OperationKind,
  PasswordCredentials,
  RetryOptions,
  Timeout,
  TokenCredentials,
  ValidationMode,
} from './options.ts';
export { type Attempt, type ErrorKind, isOrdinautError, OrdinautError } from './ordinaut-error.ts';
export type { AlertMethods, Submission } from './surface/alerts.ts';
export type { EventItem, EventMethods } from './surface/events.ts';
export type { FetchOptions } from './surface/fetch-request.ts';
export type { PollFunction, PollOptions } from './surface/poll.ts';
export type { Resources } from './surface/resources.ts';
export type { FinishedRun, RunMethods, WaitOptions } from './surface/runs.ts';
export type { ClientStats, OperationStats } from './telemetry/client-stats.ts';
export type { CallInfo, CircuitState, ClientEvent, Observer } from './telemetry/events.ts';
