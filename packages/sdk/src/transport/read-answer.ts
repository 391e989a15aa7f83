import type { Core } from '../core.ts';
import { UnexpectedAnswerError } from '../errors.ts';
import type { ErrorFacts } from '../ordinaut-error.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/**
 * The data of an answer, checked as the options say.
 *
 * @throws UnexpectedAnswerError for what is no JSON; ValidationError for what does not fit the contract, where that is strict.
 */
export async function readAnswer(
  core: Core,
  request: OutgoingRequest,
  response: Response,
  text: string,
  facts: () => ErrorFacts,
): Promise<unknown> {
  if (response.status === 204) return undefined;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    // Broken JSON may be that of an answer with a secret in it, and the message of the parser quotes it.
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    throw new UnexpectedAnswerError(
      `${core.options.base.origin} answers, but not as Ordinaut does${isJson ? '.' : `: ${text.slice(0, 100)}`}`,
      { ...facts(), status: response.status, ...(isJson ? {} : { cause }) },
    );
  }
  await core.checker.checkAnswer(request, response.status, data, facts);
  return data;
}
