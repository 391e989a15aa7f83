import { CliError, exitCodes } from './exit-codes.ts';
import { isRecord } from './is-record.ts';

/**
 * The error of an answer that says no.
 *
 * @param complaint what is wrong with the credentials, from the sentence of the server, and null where none were shown;
 *   undefined where there is nothing to say of them, because they are what is asked for: the sentence of the server stands alone.
 */
export async function refusalOf(
  response: Response,
  base: string,
  complaint?: (reason: string) => string | null,
): Promise<CliError> {
  const { status, statusText } = response;
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return new CliError(exitCodes.failed, `${base} answered ${status} ${statusText}, not as Ordinaut does.`, {
      status,
    });
  }
  const said = sentenceOf(body) ?? `The server answered ${status}.`;
  if (status !== 401 || complaint === undefined) return new CliError(exitCodes.failed, said, { body, status });
  const wrong = complaint(said);
  const message = ['Log in with "ordinaut login", or set ORDINAUT_TOKEN.', ...(wrong === null ? [] : [`  ${wrong}`])];
  return new CliError(exitCodes.failed, message.join('\n'), { body, status });
}

/** The sentence of an error body; every field that is not right, and every scope, on a line of its own. */
function sentenceOf(body: unknown): string | null {
  if (!isRecord(body) || typeof body.message !== 'string') return null;
  const { errors, required_scopes: required, granted_scopes: granted } = isRecord(body.details) ? body.details : {};
  if (Array.isArray(required) && Array.isArray(granted)) {
    const lines = [`  required: ${required.join(', ') || '–'}`, `  granted:  ${granted.join(', ') || '–'}`];
    return [body.message, ...lines].join('\n');
  }
  const lines = (Array.isArray(errors) ? errors : [])
    .filter(isRecord)
    .map(({ field, issue }) => `  ${field === '' ? 'body' : String(field)}: ${String(issue)}`);
  return lines.length === 0 ? body.message : ['The server did not accept it:', ...lines].join('\n');
}
