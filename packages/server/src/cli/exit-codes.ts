/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  /** The server said no, a check failed, or the run that was waited for did not succeed. */
  failed: 1,
  /** A flag or an input file is not what it has to be. */
  usage: 2,
  /** Nothing answers at the URL of the server. */
  unreachable: 3,
} as const;

export const exitCodesHelp = `
Exit codes:
  0  it worked
  1  the server said no, or the run that was waited for did not succeed
  2  a flag or an input file is not what it has to be
  3  no server answers at the URL`;

/** Ends the command with a sentence on standard error. */
export class CliError extends Error {
  readonly exitCode: number;
  /** The error body of the server, for `--json`. */
  readonly body: unknown;
  /** HTTP status of an answer of the server that said no. */
  readonly status: number | null;

  constructor(exitCode: number, message: string, options: { body?: unknown; status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.body = options.body;
    this.status = options.status ?? null;
  }
}

export const usageError = (message: string, cause?: unknown): CliError =>
  new CliError(exitCodes.usage, message, { cause });
