/** An expression that cannot be compiled or evaluated; the message is a sentence for the person who wrote it. */
export class ExpressionError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ExpressionError';
  }
}

/** An expression in an error sentence; a long one is cut. */
export const quote = (text: string): string => `\`${text.length > 80 ? `${text.slice(0, 77)}…` : text}\``;
