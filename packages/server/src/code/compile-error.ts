/** The code of an extension cannot be compiled. The message has every error, one a line. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  /** Each as `<file>:<line>:<column> - <what is wrong>`. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
