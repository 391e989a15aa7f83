import type { FieldIssue } from '@ordinaut/contract';

/** A schedule that cannot be; it names every field that is wrong at once. */
export class ScheduleError extends Error {
  /** Fields are `schedule_expr`, `event_topic`, `timezone` and `dtstart`. */
  readonly issues: readonly FieldIssue[];

  constructor(issues: readonly FieldIssue[]) {
    super(issues.map(({ field, issue }) => `${field}: ${issue}`).join('; '));
    this.name = 'ScheduleError';
    this.issues = issues;
  }
}

/** The sentences of one field as an error. */
export const wrong = (field: string, ...sentences: readonly string[]): ScheduleError =>
  new ScheduleError(sentences.map((issue) => ({ field, issue })));
