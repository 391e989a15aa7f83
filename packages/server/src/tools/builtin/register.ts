import type { Clock } from '../../kernel/clock.ts';
import type { GuardedHttpClient } from '../../outgoing/guarded-client.ts';
import type { ToolRegistry } from '../registry.ts';
import { echo } from './echo.ts';
import { fail } from './fail.ts';
import { httpRequest } from './http-request.ts';
import { type RunTask, runNow } from './run-now.ts';
import { sleep } from './sleep.ts';
import { transform } from './transform.ts';

export interface BuiltinToolDeps {
  readonly clock: Clock;
  readonly http: GuardedHttpClient;
  readonly runTask: RunTask;
}

/** Registers the tools of the tools room; what the rooms above offer as tools is registered by the composition root. */
export function registerBuiltinTools(registry: ToolRegistry, { clock, http, runTask }: BuiltinToolDeps): void {
  for (const tool of [echo, transform, fail, sleep(clock), httpRequest(http), runNow(runTask)]) registry.register(tool);
}
