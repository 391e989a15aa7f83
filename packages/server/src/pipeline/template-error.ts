/** A template, `if` or `for_each` that cannot be compiled; the message is a sentence for the person who wrote it. */
export class TemplateError extends Error {
  /** Where in the text the expression begins, from 0. */
  readonly position: number;

  constructor(message: string, position: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'TemplateError';
    this.position = position;
  }
}
