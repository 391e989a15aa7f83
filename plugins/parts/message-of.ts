/** The sentence of an error, and nothing else of it: errors of clients hold the commands that failed, passwords included. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node tries all addresses of a host and says nothing of its own when none answers.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; ');
  return error.message || error.name;
}
