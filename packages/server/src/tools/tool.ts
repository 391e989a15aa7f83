import type { ToolAnnotations } from '@ordinaut/contract';
import type { Logger } from '../kernel/logger.ts';

/** What surrounds one call of a tool. */
export interface ToolCall {
  /** Aborted when the call is canceled or has used up its time. The caller is answered then, whether the tool obeys or not. */
  readonly signal: AbortSignal;
  /** The same for every repetition of the same call: `runId:stepId`, or `runId:stepId:index` of a `for_each` step. */
  readonly idempotencyKey: string;
  readonly logger: Logger;
  /** Who asked for it; `null` for the server itself. */
  readonly principal: string | null;
  /** What they may do; `null`: everything. What the tool makes in their name may do no more. */
  readonly scopes: readonly string[] | null;
  /** Says how far the tool has come, in words for a person. */
  progress(note: string): void;
}

/** Something a step can use. */
export interface Tool {
  /** 1 to 128 of `[A-Za-z0-9_.-]`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) that an input has to fit before the tool is called. */
  readonly inputSchema: object;
  /** JSON Schema that the output has to fit; absent: anything. */
  readonly outputSchema?: object;
  readonly annotations: ToolAnnotations;
  /** Scopes a caller needs; none: `tools:call`. */
  readonly scopes: readonly string[];
  /** Longest the tool is given, milliseconds; `null`: what the caller says. */
  readonly timeoutMs: number | null;
  /** `builtin`, `ext.<id>` or `mcp.<server>`. */
  readonly source: string;
  /**
   * Does the work and answers the output, or a `Suspension` when the step has to wait durably.
   *
   * The input is shared with other calls and with the record of the run, and partly frozen: it must not be changed.
   * It may throw a `RunFailure` to choose the code of the failure; anything else becomes `tool_failed`.
   */
  call(input: Record<string, unknown>, call: ToolCall): Promise<unknown>;
}
