/** What a call fails with; it fails itself where the call does not. */
export const thrownBy = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => error,
  );
