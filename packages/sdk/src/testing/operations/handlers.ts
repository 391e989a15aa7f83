import type { AnyHandler, Handlers } from '../call.ts';
import { alertHandlers } from './alerts.ts';
import { apiKeyHandlers } from './api-keys.ts';
import { approvalHandlers } from './approvals.ts';
import { authHandlers } from './auth.ts';
import { eventHandlerHandlers } from './event-handlers.ts';
import { eventHandlers } from './events.ts';
import { extensionHandlers } from './extensions.ts';
import { agentHandlers, auditHandlers, userHandlers } from './principals.ts';
import { runHandlers } from './runs.ts';
import { scheduleHandlers } from './schedules.ts';
import { systemHandlers } from './system.ts';
import { taskHandlers } from './tasks.ts';
import { toolHandlers } from './tools.ts';

const known: Partial<Handlers<string>> = {
  ...taskHandlers,
  ...scheduleHandlers,
  ...runHandlers,
  ...eventHandlers,
  ...toolHandlers,
  ...extensionHandlers,
  ...authHandlers,
  ...apiKeyHandlers,
  ...userHandlers,
  ...agentHandlers,
  ...auditHandlers,
  ...systemHandlers,
};

const all: Readonly<Record<string, AnyHandler>> = {
  // The table and the handlers are keyed alike; TypeScript cannot follow one key through both.
  ...(known as Record<string, AnyHandler>),
  ...alertHandlers,
  ...approvalHandlers,
  ...eventHandlerHandlers,
};

/** What answers an operation; undefined for one that test servers do not know yet. */
export const handlerOf = (id: string): AnyHandler | undefined => all[id];
