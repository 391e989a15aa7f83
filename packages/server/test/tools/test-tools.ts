import type { ApprovalQuestion } from '@ordinaut/contract';
import type { Logger } from '../../src/kernel/logger.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { InvokeOptions } from '../../src/tools/invocation.ts';
import type { Tool } from '../../src/tools/tool.ts';

export const silent: Logger = createLogger('silent');

/** A tool of one function. */
export const toolOf = (name: string, call: Tool['call'], more: Partial<Tool> = {}): Tool => ({
  name,
  description: 'A tool of a test.',
  inputSchema: { type: 'object' },
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  scopes: [],
  timeoutMs: null,
  source: 'builtin',
  call,
  ...more,
});

export const options = (more: Partial<InvokeOptions> = {}): InvokeOptions => ({
  signal: new AbortController().signal,
  timeoutMs: 30_000,
  idempotencyKey: 'run:step',
  logger: silent,
  principal: null,
  scopes: null,
  ...more,
});

/** A question that a tool may ask, with nothing special about it. */
export const questionOf = (id: string): ApprovalQuestion => ({
  id,
  title: 'Go on?',
  message: null,
  details: null,
  approvers: [],
  allow_self: true,
  on_reject: 'fail',
  on_expiry: 'fail',
  requested_by: null,
});
