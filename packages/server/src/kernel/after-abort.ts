/** How long work may take when nobody wants it any more, in milliseconds. */
const GRACE_MS = 5_000;

/**
 * The result of `work`, which has 5 s left once the signal is aborted; after that it is an Error. The work itself goes on: nothing
 * in JavaScript can stop it.
 */
export async function afterAbort<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => late.reject(new Error(`It did not end within ${GRACE_MS / 1000} s.`)), GRACE_MS);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', begin);
    clearTimeout(timer);
  }
}
