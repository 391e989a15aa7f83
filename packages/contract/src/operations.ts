import { alertOperations } from './operations/alerts.ts';
import { approvalOperations } from './operations/approvals.ts';
import { authOperations } from './operations/auth.ts';
import { eventOperations } from './operations/events.ts';
import { extensionOperations } from './operations/extensions.ts';
import { handlerOperations } from './operations/handlers.ts';
import type { Operation } from './operations/operation.ts';
import { pluginOperations } from './operations/plugins.ts';
import { agentOperations, auditOperations, userOperations } from './operations/principals.ts';
import { runOperations } from './operations/runs.ts';
import { scheduleOperations } from './operations/schedules.ts';
import { systemOperations } from './operations/system.ts';
import { taskOperations } from './operations/tasks.ts';
import { toolOperations } from './operations/tools.ts';

export type { Access, Operation, Success } from './operations/operation.ts';

/** The table of operations: everything that the HTTP API can be asked for. */
export const operations = {
  ...taskOperations,
  ...scheduleOperations,
  ...runOperations,
  ...approvalOperations,
  ...eventOperations,
  ...toolOperations,
  ...alertOperations,
  ...handlerOperations,
  ...extensionOperations,
  ...pluginOperations,
  ...authOperations,
  ...userOperations,
  ...agentOperations,
  ...auditOperations,
  ...systemOperations,
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
