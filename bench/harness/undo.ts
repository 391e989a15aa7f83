const pending = new Set<() => Promise<void>>();
let ending = false;

/** Does something and undoes it afterwards, also when it fails or a person ends the program meanwhile. */
export async function undoing<Result>(work: () => Promise<Result>, undo: () => Promise<void>): Promise<Result> {
  pending.add(undo);
  try {
    return await work();
  } finally {
    if (pending.delete(undo)) await undo();
  }
}

/** Whether a person has ended the program, so that nothing new must be begun. */
export const interrupted = (): boolean => ending;

/** From now on SIGINT and SIGTERM undo what is pending, the last first, before the process ends. */
export function undoOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      const undos = [...pending].toReversed();
      pending.clear();
      void undos
        .reduce((before, undo) => before.then(undo, undo), Promise.resolve())
        .catch((error: unknown) => console.error(error))
        .finally(() => process.exit(130));
    });
  }
}
