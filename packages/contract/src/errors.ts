/**
 * The error catalogue: every code the API, the command line or a run can show.
 *
 * `http` codes appear as `error` in the error body of a response, `run` codes as `error.code` of a failed run or step.
 * A code never changes its meaning; `docs/reference/errors.md` is generated from this table.
 */

export interface HttpErrorEntry {
  /** HTTP status of the response. */
  readonly status: number;
  /** What happened, as the default `message`. */
  readonly sentence: string;
  /** Whether the same request may succeed later without a change. Such answers carry `Retry-After`. */
  readonly retryable: boolean;
}

export const httpErrors = {
  bad_request: { status: 400, sentence: 'The request is not valid.', retryable: false },
  unauthorized: { status: 401, sentence: 'Authentication is required.', retryable: false },
  forbidden: { status: 403, sentence: 'The caller may not do this.', retryable: false },
  not_found: { status: 404, sentence: 'There is nothing here by this name.', retryable: false },
  method_not_allowed: { status: 405, sentence: 'This path does not answer this method.', retryable: false },
  conflict: { status: 409, sentence: 'The request does not fit the present state.', retryable: false },
  payload_too_large: { status: 413, sentence: 'The body is larger than the limit.', retryable: false },
  unsupported_media_type: { status: 415, sentence: 'The body has to be application/json.', retryable: false },
  upgrade_required: { status: 426, sentence: 'There is a WebSocket here, and nothing else.', retryable: false },
  pipeline_failed: { status: 422, sentence: 'The pipeline failed; nothing came of the request.', retryable: false },
  rate_limit_exceeded: { status: 429, sentence: 'Too many requests.', retryable: true },
  internal_error: { status: 500, sentence: 'The server failed to answer; the log has the reason.', retryable: false },
  unavailable: { status: 503, sentence: 'The server cannot do this at the moment.', retryable: true },
  timeout: { status: 504, sentence: 'The answer took too long.', retryable: true },
} as const satisfies Record<string, HttpErrorEntry>;

export type HttpErrorCode = keyof typeof httpErrors;

export interface RunErrorEntry {
  /** What the code means. */
  readonly sentence: string;
  /** Whether a run that failed with it is tried again (while it has attempts left). */
  readonly retryable: boolean;
}

export const runErrors = {
  template_error: { sentence: 'A `${…}` expression could not be rendered.', retryable: false },
  condition_error: { sentence: 'An `if` or `for_each` expression could not be evaluated.', retryable: false },
  tool_not_found: { sentence: 'No tool has this name.', retryable: false },
  input_invalid: { sentence: 'The input does not fit the input schema of the tool.', retryable: false },
  output_invalid: { sentence: 'The tool answered something that does not fit its output schema.', retryable: false },
  output_too_large: { sentence: 'The output of the step is larger than the limit.', retryable: false },
  permission_denied: { sentence: 'The tool may not do this.', retryable: false },
  authentication_failed: { sentence: 'The other side did not accept the credentials.', retryable: false },
  not_found: { sentence: 'The other side does not know what was asked for.', retryable: false },
  step_timeout: { sentence: 'The step took longer than its `timeout_seconds`.', retryable: true },
  http_error: { sentence: 'The HTTP response has an error status.', retryable: true },
  http_rejected: { sentence: 'The HTTP response has an error status that a retry would not change.', retryable: false },
  network_error: { sentence: 'The other side could not be reached.', retryable: true },
  tool_failed: { sentence: 'The tool failed.', retryable: true },
  failed_on_purpose: { sentence: 'The step `core.fail` was reached.', retryable: true },
  failed_for_good: { sentence: 'The step `core.fail` was reached with `retryable: false`.', retryable: false },
  approval_rejected: { sentence: 'Somebody has rejected what the step asked for.', retryable: false },
  approval_expired: { sentence: 'Nobody has answered in time what the step asked for.', retryable: false },
  worker_lost: { sentence: 'The process that ran it ended again and again before the run did.', retryable: false },
  canceled: { sentence: 'The run was canceled.', retryable: false },
} as const satisfies Record<string, RunErrorEntry>;

export type RunErrorCode = keyof typeof runErrors;

/** One field that is not as it has to be. */
export interface FieldIssue {
  /** Path of the field, for example `payload.pipeline[2].uses`; empty: the body as a whole, which the message of the error calls `body`. */
  readonly field: string;
  /** What is wrong with it, with the value and the way out. */
  readonly issue: string;
}
