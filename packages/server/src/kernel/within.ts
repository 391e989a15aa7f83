/** Work has taken longer than it may. */
export class TookTooLong extends Error {}

/**
 * The result of `work`, or a `TookTooLong` when it takes longer. The work itself goes on: nothing in JavaScript can stop it.
 *
 * @param ms limit in milliseconds.
 * @param sentence begins the message of the error.
 */
export async function within<Result>(ms: number, work: () => Result, sentence: string): Promise<Awaited<Result>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(`${sentence} within ${ms / 1000} s.`)), ms);
  });
  try {
    return await Promise.race([(async () => await work())(), late]);
  } finally {
    clearTimeout(timer);
  }
}
