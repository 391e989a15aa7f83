import type { Answer, Call } from '../call.ts';
import { lazyPromise } from './lazy-promise.ts';

/** Makes a call of a promise of its answer. */
export const callOf = <T>(answer: Promise<Answer<T>>): Call<T> =>
  Object.assign(
    lazyPromise('Call', () => answer.then(({ data }) => data)),
    { withResponse: () => answer },
  );
