import { isOrdinautError, type OperationEntry, type OrdinautError, operations } from '@ordinaut/sdk';
import type { Credentials } from './credentials/credentials.ts';
import { CliError, exitCodes, usageError } from './exit-codes.ts';
import { isRecord } from './is-record.ts';

/** Who was asked, and with what. */
export interface Asked {
  readonly url: string;
  readonly credentials: Credentials;
}

/** A failure of the client as a sentence with an exit code; everything else is given as it is. */
export function explainFailure(error: unknown, { url, credentials }: Asked): unknown {
  if (!isOrdinautError(error)) return error;
  if (error.kind === 'configuration') return usageError(error.message, error);
  if (error.kind === 'connection' || error.kind === 'timeout')
    return new CliError(exitCodes.unreachable, unreachable(error, url), { cause: error });
  const { status, body } = error;
  const options = { cause: error, ...(status !== null && { status }), ...(body !== null && { body }) };
  const failed = (message: string) => new CliError(exitCodes.failed, message, options);
  if (error.kind === 'unexpected_answer') return failed(elsewhere(error, url));
  if (status !== null && body === null) return failed(`${url} answered ${status}, not as Ordinaut does.`);
  const said = sentenceOf(error);
  // Where credentials are what is asked for, the sentence of the server stands alone.
  if (status !== 401 || isOpen(error.operation)) return failed(said);
  const wrong = credentials.complaint(said);
  return failed(`Log in with "ordinaut login", or set ORDINAUT_TOKEN.${wrong === null ? '' : `\n  ${wrong}`}`);
}

function isOpen(operation: string | null): boolean {
  const table: Readonly<Record<string, OperationEntry>> = operations;
  return table[operation ?? '']?.open === true;
}

function unreachable(error: OrdinautError, url: string): string {
  if (error.kind === 'timeout') return `No server answers at ${url} in time.`;
  // It is there, but not trusted; or it is not there any more.
  const { reason } = error.details;
  if (!error.retryable || typeof reason !== 'string') return error.message;
  return `No server answers at ${url} (${reason}).`;
}

function elsewhere({ message, status, details: { location } }: OrdinautError, url: string): string {
  if (typeof location !== 'string') return message;
  return `${url} leads to ${location} (HTTP ${String(status)}), and logins are only sent where they are meant for. Give the address of the server itself with --url or ORDINAUT_URL.`;
}

/** The sentence of the server; every field that is not right, and every scope, on a line of its own. */
function sentenceOf({ message: own, body, details }: OrdinautError): string {
  // After several attempts the client adds to it.
  const message = typeof body?.message === 'string' ? body.message : own;
  const { errors, required_scopes: required, granted_scopes: granted } = details;
  if (Array.isArray(required) && Array.isArray(granted)) {
    const lines = [`  required: ${required.join(', ') || '–'}`, `  granted:  ${granted.join(', ') || '–'}`];
    return [message, ...lines].join('\n');
  }
  const lines = (Array.isArray(errors) ? errors : [])
    .filter(isRecord)
    .map(({ field, issue }) => `  ${field === '' ? 'body' : String(field)}: ${String(issue)}`);
  return lines.length === 0 ? message : ['The server did not accept it:', ...lines].join('\n');
}
