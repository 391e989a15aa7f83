export type Phase = 'compile' | 'load' | 'setup';

/** An activation that failed; everything it had done is undone. */
export class ActivationError extends Error {
  override readonly name = 'ActivationError';
  readonly phase: Phase;

  /** @param place where in the code of the extension, as `extension.ts:12:7`; null where it is not known or already told. */
  constructor(phase: Phase, cause: unknown, place: string | null = null) {
    const message = cause instanceof Error ? cause.message : String(cause);
    super(place === null ? message : `${message} (${place})`, { cause });
    this.phase = phase;
  }
}
