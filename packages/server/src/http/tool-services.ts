import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { callTool } from '../tools/call-tool.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { HttpServices } from './services.ts';

/** What the API offers of the tools. */
export const toolServices = (
  tools: ToolRegistry,
  { clock, logger }: { clock: Clock; logger: Logger },
): HttpServices['tools'] => ({
  list: () => [...tools.list()],
  get: (name) => tools.list().find((tool) => tool.name === name) ?? null,
  call: (name, input, { signal, timeoutMs, by }) =>
    callTool(tools, name, (input ?? {}) as Record<string, unknown>, {
      signal,
      timeoutMs,
      principal: by.principal,
      scopes: by.scopes,
      idempotencyKey: newId(),
      logger,
      clock,
    }),
});
