import type { ToolCallResult } from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, RunFailure } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { didYouMean } from '../kernel/near.ts';
import type { ToolRegistry } from './registry.ts';
import { Suspension } from './suspension.ts';

export interface DirectCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly principal: string | null;
  readonly scopes: readonly string[] | null;
  readonly idempotencyKey: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Calls a tool outside of a run. A failure of the tool is a result, not an exception.
 *
 * @throws ApiError `not_found` for a tool that is not there, with the names like it; `forbidden` where a scope is missing.
 */
export async function callTool(
  tools: ToolRegistry,
  name: string,
  input: Record<string, unknown>,
  call: DirectCall,
): Promise<ToolCallResult> {
  if (!tools.has(name)) {
    const names = tools.list().map((tool) => tool.name);
    throw new ApiError('not_found', `There is no tool ${name}.${didYouMean(name, names)}`, {
      details: { what: 'tool', id: name },
    });
  }
  const begun = call.clock.monotonic();
  const result = (part: Pick<ToolCallResult, 'success' | 'output' | 'error'>): ToolCallResult => ({
    tool: name,
    ...part,
    duration_ms: Number((call.clock.monotonic() - begun).toFixed(2)),
  });
  try {
    const output = await tools.invoke(name, input, call);
    if (!(output instanceof Suspension)) return result({ success: true, output: output ?? null, error: null });
    const message = `${name} waits durably, which only a run can; use it as a step of a task.`;
    return result({ success: false, output: null, error: { code: 'tool_failed', message } });
  } catch (error) {
    if (!(error instanceof RunFailure)) throw error;
    if (error.cause instanceof ApiError && error.cause.code === 'forbidden') throw error.cause;
    return result({ success: false, output: null, error: { code: error.code, message: error.message } });
  }
}
