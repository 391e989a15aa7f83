import type { FieldIssue } from '@ordinaut/contract';
import { ended } from '../kernel/ended.ts';
import { ApiError, messageOf, RunFailure } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Check } from '../kernel/schema.ts';
import { Suspension } from './suspension.ts';
import type { Tool, ToolCall } from './tool.ts';

/** What the caller of a tool gives besides the input. */
export interface InvokeOptions {
  readonly signal: AbortSignal;
  /** Milliseconds the call may take; the tool's own limit holds when it is shorter. */
  readonly timeoutMs: number;
  readonly idempotencyKey: string;
  readonly logger: Logger;
  /** Who asks; null: the server itself. */
  readonly principal: string | null;
  /** What they may do; null: everything. */
  readonly scopes: readonly string[] | null;
  readonly progress?: (note: string) => void;
}

/** `setTimeout` takes what is longer for 1 ms. */
const longestTimer = 2 ** 31 - 1;

/** A registered tool with its schemas compiled. */
export interface RegisteredTool {
  readonly tool: Tool;
  readonly checkInput: Check;
  readonly checkOutput: Check | null;
}

/**
 * One call of a tool: it settles exactly once, at the tool's answer, at the end of its time or when the caller aborts,
 * whichever comes first, and leaves no timer and no listener.
 *
 * Most calls of the fast tools end before the first turn of the event loop, so timer, listener and `AbortController` are made
 * only when they are needed: a call of `core.echo` takes 1 µs.
 */
export class Invocation implements ToolCall {
  readonly idempotencyKey: string;
  readonly logger: Logger;
  readonly principal: string | null;
  readonly scopes: readonly string[] | null;
  readonly #registered: RegisteredTool;
  readonly #options: InvokeOptions;
  #controller: AbortController | null = null;
  #timer: NodeJS.Timeout | null = null;
  #onAbort: (() => void) | null = null;
  #interrupted: RunFailure | null = null;
  #over = false;

  constructor(registered: RegisteredTool, options: InvokeOptions) {
    this.#registered = registered;
    this.#options = options;
    this.idempotencyKey = options.idempotencyKey;
    this.logger = options.logger;
    this.principal = options.principal;
    this.scopes = options.scopes;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      const { signal } = this.#options;
      if (this.#interrupted) this.#controller.abort(this.#interrupted);
      else if (signal.aborted) this.#controller.abort(signal.reason);
    }
    return this.#controller.signal;
  }

  progress(note: string): void {
    if (!this.#over) this.#options.progress?.(note);
  }

  /** @throws RunFailure, always. */
  run(input: Record<string, unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#options.signal.aborted) {
        reject(this.#canceled());
        return;
      }
      this.#start(input).then(
        (output) => {
          if (this.#over) return;
          this.#finish();
          const failure = this.#checkOutput(output);
          if (failure) reject(failure);
          else resolve(output);
        },
        (error: unknown) => {
          if (this.#over) return;
          this.#finish();
          reject(toRunFailure(this.#registered.tool.name, error));
        },
      );
      // Runs after the reaction above when the tool has answered already.
      queueMicrotask(() => {
        if (!this.#over) this.#watch(reject);
      });
    });
  }

  /** The tool's promise; one for tools that throw or answer at once in spite of their type, as foreign code may. */
  #start(input: Record<string, unknown>): Promise<unknown> {
    try {
      return Promise.resolve(this.#registered.tool.call(input, this));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #watch(reject: (failure: RunFailure) => void): void {
    const { signal } = this.#options;
    const interrupt = (failure: RunFailure): void => {
      this.#finish();
      this.#interrupted = failure;
      this.#controller?.abort(failure);
      reject(failure);
    };
    if (signal.aborted) {
      interrupt(this.#canceled());
      return;
    }
    this.#onAbort = () => interrupt(this.#canceled());
    signal.addEventListener('abort', this.#onAbort);
    const { tool } = this.#registered;
    const limit = Math.min(this.#options.timeoutMs, tool.timeoutMs ?? longestTimer, longestTimer);
    this.#timer = setTimeout(
      () => interrupt(new RunFailure('step_timeout', `${tool.name} did not answer within ${limit / 1000} s.`)),
      limit,
    );
  }

  #finish(): void {
    this.#over = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#onAbort) this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  #canceled(): RunFailure {
    const { reason } = this.#options.signal;
    return new RunFailure('canceled', `The call of ${this.#registered.tool.name} was canceled.`, { cause: reason });
  }

  #checkOutput(output: unknown): RunFailure | null {
    const { tool, checkOutput } = this.#registered;
    if (checkOutput === null) return null;
    const suspended = output instanceof Suspension;
    // The answer brings the output.
    if (suspended && output.question !== null) return null;
    const issues = issuesOf(checkOutput, suspended ? output.outputWhenAwake : output);
    if (issues.length === 0) return null;
    return new RunFailure(
      'output_invalid',
      `The output of ${tool.name} does not fit its schema: ${ended(sentenceOf(issues))}`,
    );
  }
}

/** What a check finds; a check that fails itself, as one by a recursive schema does when the stack ends, finds that. */
export function issuesOf(check: Check, value: unknown): readonly FieldIssue[] {
  try {
    return check(value);
  } catch (error) {
    return [{ field: '', issue: `could not be checked: ${messageOf(error)}` }];
  }
}

/** `url is required; method is "X"; allowed: …`, for the message of a failure. */
export const sentenceOf = (issues: readonly FieldIssue[]): string =>
  issues.map(({ field, issue }) => (field === '' ? `it ${issue}` : `${field} ${issue}`)).join('; ');

/** A failure of anything that was thrown: errors of the API keep their meaning, foreign ones become `tool_failed`. */
function toRunFailure(tool: string, error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  return new RunFailure(codeOf(error), `${tool} failed: ${messageOf(error)}`, { cause: error });
}

function codeOf(error: unknown): RunFailure['code'] {
  if (!(error instanceof ApiError)) return 'tool_failed';
  switch (error.code) {
    case 'bad_request':
      return 'input_invalid';
    case 'unauthorized':
      return 'authentication_failed';
    case 'forbidden':
      return 'permission_denied';
    case 'not_found':
      return 'not_found';
    default:
      return 'tool_failed';
  }
}
