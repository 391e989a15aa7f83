/** Resolves `done` when `total` things have happened. */
export function countDown(total: number) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = total;
  return {
    done: promise,
    count(happened = 1): void {
      left -= happened;
      if (left === 0) resolve();
      if (left < 0) reject(new Error(`More happened than the ${total} that were asked for.`));
    },
    fail: (error: Error): void => reject(error),
  };
}
