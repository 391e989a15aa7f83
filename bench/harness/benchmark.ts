import type { Figure } from './figure.ts';
import type { Sides } from './table.ts';

/** One benchmark: it measures, and says what the figures were to reach. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, in one sentence. */
  readonly title: string;
  run(session: Session): Promise<Outcome>;
}

/** What a benchmark is run with. */
export interface Session {
  /** A small run that only shows that everything works; its figures mean nothing. */
  readonly quick: boolean;
  /** Tells a person how far it has come. */
  say(text: string): void;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** Where several sides are told of one by one. */
  readonly sides?: Sides;
  /** What a reader has to know to judge the figures. */
  readonly notes: readonly string[];
  /** How each side was set up. */
  readonly setup: Readonly<Record<string, unknown>>;
  /** Every repetition as it was measured. */
  readonly repetitions: unknown;
}
