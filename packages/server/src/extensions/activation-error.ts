export type Phase = 'compile' | 'load' | 'setup';

/** An activation that failed; everything it had done is undone. */
export class ActivationError extends Error {
  override readonly name = 'ActivationError';
  readonly phase: Phase;

  constructor(phase: Phase, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.phase = phase;
  }
}
