import { usageError } from './exit-codes.ts';
import { defined, parseJson, parsePairs, readText } from './input.ts';
import { isRecord } from './is-record.ts';
import { UnreadableLine } from './unreadable-line.ts';

/** Flags of `alert submit`. */
export interface SubmitFlags {
  readonly file?: string;
  readonly title?: string;
  readonly severity?: string;
  readonly source?: string;
  readonly description?: string;
  readonly ioc?: string[];
  readonly asset?: string[];
  readonly technique?: string[];
  readonly dedupKey?: string;
  readonly metadata?: string[];
}

/**
 * What `alert submit` is to send: one alert of flags and a file, or the list of a file that holds many, as a JSON array or as a JSON object
 * a line. Of a list the flags are laid over each. What they hold is checked by the server.
 *
 * A line that is no JSON among others that are is an `UnreadableLine`.
 *
 * @throws CliError with exit code 2 for flags and files that cannot be read.
 */
export async function readAlertInput(flags: SubmitFlags): Promise<Record<string, unknown> | unknown[]> {
  const given = fieldsOf(flags);
  if (flags.file === undefined) {
    if (Object.keys(given).length === 0) throw usageError('There is nothing to submit: give --title, or --file.');
    return given;
  }
  const read = parseAlerts(await readText(flags.file), flags.file === '-' ? 'Standard input' : flags.file);
  const overlaid = (alert: unknown) =>
    isRecord(alert) && !(alert instanceof UnreadableLine) ? { ...alert, ...given } : alert;
  if (Array.isArray(read)) return read.map(overlaid);
  if (!isRecord(read)) throw usageError(`${flags.file} must hold an alert as a JSON object, or a list of them.`);
  return { ...read, ...given };
}

/** A JSON text, or several JSON objects, one a line: of those each stands for itself, also where it is no JSON. */
function parseAlerts(content: string, what: string): unknown {
  const lines = content.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  if (lines.length < 2 || parsed(content) !== undefined || !lines.some(({ line }) => isRecord(parsed(line))))
    return parseJson(content, what);
  return lines.map(
    ({ line, number }) => parsed(line) ?? new UnreadableLine(`Line ${number} of ${what} is not valid JSON.`),
  );
}

/** The value of a JSON text; undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fieldsOf = (flags: SubmitFlags): Record<string, unknown> =>
  defined({
    title: flags.title,
    severity: flags.severity,
    source: flags.source,
    description: flags.description,
    iocs: flags.ioc?.map(iocOf),
    affected_assets: flags.asset,
    mitre_techniques: flags.technique,
    dedup_key: flags.dedupKey,
    metadata: flags.metadata && parsePairs(flags.metadata, '--metadata'),
  });

function iocOf(pair: string): { type: string; value: string } {
  const at = pair.indexOf(':');
  if (at < 1) throw usageError(`--ioc is ${JSON.stringify(pair)}; it must be type:value, like ip:203.0.113.7.`);
  return { type: pair.slice(0, at), value: pair.slice(at + 1) };
}
