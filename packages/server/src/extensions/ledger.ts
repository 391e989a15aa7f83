import { messageOf } from '../kernel/errors.ts';
import { within } from '../kernel/within.ts';

/** What an effect of an extension is. */
export type EffectKind =
  | 'routes'
  | 'static'
  | 'tool'
  | 'subscription'
  | 'background'
  | 'timer'
  | 'resource'
  | 'dispose';

/** One live effect, as `/ext/status?effects=1` shows it. */
export interface Effect {
  readonly kind: EffectKind;
  readonly label: string;
}

interface Entry extends Effect {
  readonly undo: () => unknown;
}

/** An effect that could not be undone. */
export interface UndoFailure extends Effect {
  readonly error: unknown;
}

/** The longest one effect is given to end, in milliseconds. The rest is undone all the same. */
const UNDO_MS = 10_000;

/**
 * Everything a generation of an extension has done to the server, in order. Undoing goes strictly backwards, one at a time, so
 * that whatever an effect was built on is still there while it ends.
 */
export class Ledger {
  readonly #owner: string;
  /** By what takes them back. */
  readonly #entries = new Map<() => Promise<void>, Entry>();
  #closed = false;

  /** @param owner name of the extension, for errors. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /**
   * Records an effect that has just been made.
   *
   * @returns takes it back now; a second call does nothing.
   * @throws Error after the extension was stopped. Whoever calls must not have made the effect yet: see `assertOpen`.
   */
  add(kind: EffectKind, label: string, undo: () => unknown): () => Promise<void> {
    this.assertOpen(`${kind} ${label}`);
    const takeBack = async () => {
      if (this.#entries.delete(takeBack)) await undo();
    };
    this.#entries.set(takeBack, { kind, label, undo });
    return takeBack;
  }

  /** Forgets an effect that has ended by itself. @param takeBack what `add` has given for it. */
  ended(takeBack: () => Promise<void>): void {
    this.#entries.delete(takeBack);
  }

  /** @throws Error when the extension was stopped: a callback of it is still alive somewhere. */
  assertOpen(what: string): void {
    if (!this.#closed) return;
    throw new Error(
      `${this.#owner} was stopped or replaced and can make nothing any more (${what}). Look at ctx.signal before going on.`,
    );
  }

  list(): Effect[] {
    return [...this.#entries.values()].map(({ kind, label }) => ({ kind, label }));
  }

  /** Undoes everything, the last first, and refuses what comes later. Answers what could not be undone. */
  async undoAll(): Promise<UndoFailure[]> {
    this.#closed = true;
    const failures: UndoFailure[] = [];
    for (const [takeBack, entry] of [...this.#entries].reverse()) {
      if (!this.#entries.delete(takeBack)) continue;
      try {
        await within(UNDO_MS, entry.undo, `${entry.kind} ${entry.label} did not end`);
      } catch (error) {
        failures.push({ kind: entry.kind, label: entry.label, error });
      }
    }
    return failures;
  }
}

export const toSentence = ({ kind, label, error }: UndoFailure): string => `${kind} ${label}: ${messageOf(error)}`;
