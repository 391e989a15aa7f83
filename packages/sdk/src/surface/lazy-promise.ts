/**
 * A promise of what `get` promises, asked for when somebody waits for it. What is derived of a promise nobody waits for would be
 * reported as unhandled.
 */
export const lazyPromise = <T>(tag: string, get: () => Promise<T>): Promise<T> => ({
  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then: (onValue, onError) => get().then(onValue, onError),
  catch: (onError) => get().catch(onError),
  finally: (onEnd) => get().finally(onEnd),
  [Symbol.toStringTag]: tag,
});
