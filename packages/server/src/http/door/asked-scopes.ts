import type { IncomingHttpHeaders } from 'node:http';
import { SCOPE_PATTERN } from '@ordinaut/contract';
import { badRequest } from '../../kernel/errors.ts';

const scope = new RegExp(SCOPE_PATTERN);

/**
 * The scopes of `X-Scopes`, separated by commas; null where there is no such header.
 *
 * @throws ApiError `bad_request` for what is no scope.
 */
export function askedScopes(headers: IncomingHttpHeaders): string[] | null {
  const text = headers['x-scopes'];
  if (text === undefined) return null;
  const asked = String(text)
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const wrong = asked.find((one) => !scope.test(one));
  if (wrong === undefined) return asked;
  const issue = `has ${JSON.stringify(wrong.slice(0, 80))}; it must be scopes such as tasks:read, separated by commas`;
  throw badRequest([{ field: 'X-Scopes', issue }]);
}
