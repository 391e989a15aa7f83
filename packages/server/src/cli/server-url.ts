import { usageError } from './exit-codes.ts';

/**
 * The URL of a server in the one form that requests and kept logins know it by, without a slash at its end.
 *
 * @throws CliError with exit code 2 unless it is an http(s) URL without name, password, query and fragment.
 */
export function serverUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usageError(`The URL of the server is ${JSON.stringify(text)}; it must be like http://127.0.0.1:8080.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('The URL of the server has a name or password in it; leave them out and use "ordinaut login".');
  }
  if (url.search !== '' || url.hash !== '') {
    throw usageError(`The URL of the server is ${JSON.stringify(text)}; leave out what begins with "?" or "#".`);
  }
  return url.href.replace(/\/+$/, '');
}
