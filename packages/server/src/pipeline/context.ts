import type { RunTrigger } from '@ordinaut/contract';

/**
 * What the expressions of a pipeline see.
 *
 * `steps` has the output of each step that is behind, by id and by `save_as`; a step that was skipped or whose failure was
 * tolerated is there as `null`. `errors` has `{code, message}` of the tolerated failures, by the same names: an output never
 * has to be told apart from a failure.
 */
export interface RunContext {
  /** When the run began, ISO 8601; the same for all of its attempts. */
  readonly now: string;
  readonly params: Record<string, unknown>;
  readonly steps: Record<string, unknown>;
  readonly errors: Record<string, { code: string; message: string }>;
  readonly run: {
    readonly id: string;
    /** Null where it is no run of a task. */
    readonly task_id: string | null;
    readonly attempt: number;
    readonly trigger: RunTrigger;
    readonly nominal_time: string | null;
  };
  /** In the pipeline of a handler: the request. */
  readonly event?: unknown;
  /** In a `for_each` step: the item and its place in the list, from 0. */
  readonly item?: unknown;
  readonly index?: number;
}

/** The names an expression can begin with, in every pipeline. */
export const contextRoots: readonly string[] = ['now', 'params', 'steps', 'errors', 'run', 'item', 'index'];

/** An object for names that people choose: `__proto__` is a name like any other. */
export const emptyNames = <Value>(): Record<string, Value> => Object.create(null);
