/** Stands for an alert among many whose line is no JSON: it is rejected by itself, and the others are submitted. */
export class UnreadableLine {
  /** What is wrong, with the number of the line. */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}
