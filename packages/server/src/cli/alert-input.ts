import { usageError } from './exit-codes.ts';
import { defined, parseJson, parsePairs, readText } from './input.ts';
import { isRecord } from './is-record.ts';

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
 * @throws CliError with exit code 2 for flags and files that cannot be read.
 */
export async function readAlertInput(flags: SubmitFlags): Promise<Record<string, unknown> | unknown[]> {
  const given = fieldsOf(flags);
  if (flags.file === undefined) {
    if (Object.keys(given).length === 0) throw usageError('There is nothing to submit: give --title, or --file.');
    return given;
  }
  const read = parseAlerts(await readText(flags.file), flags.file === '-' ? 'Standard input' : flags.file);
  const overlaid = (alert: unknown) => (isRecord(alert) ? { ...alert, ...given } : alert);
  if (Array.isArray(read)) return read.map(overlaid);
  if (!isRecord(read)) throw usageError(`${flags.file} must hold an alert as a JSON object, or a list of them.`);
  return { ...read, ...given };
}

/** A JSON text, or several JSON objects, one a line. */
function parseAlerts(content: string, what: string): unknown {
  const lines = content.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  if (lines.length > 1 && lines[0]!.line.trim().endsWith('}') && isWhole(lines[0]!.line))
    return lines.map(({ line, number }) => parseJson(line, `Line ${number} of ${what}`));
  return parseJson(content, what);
}

/** Whether a line is JSON by itself: then the others have to be so, too. */
function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
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
