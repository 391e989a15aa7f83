import { statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { usageError } from '../exit-codes.ts';

export interface DevFlags {
  readonly port?: string;
  readonly dataDir?: string;
  readonly logLevel?: string;
}

/**
 * Flags of `serve` for a server that an extension is written with: its path besides those of the environment, reloaded at every
 * change. Its data lies where nothing watches for changes.
 *
 * @throws CliError for a path that is not there.
 */
export function devSettings(
  path: string,
  { port, dataDir, logLevel }: DevFlags,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | boolean> {
  const place = resolve(path);
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`There is nothing at ${place}; name the folder of an extension.`);
  const folder = found.isDirectory() ? place : dirname(place);
  return {
    dev: true,
    'ext-paths': [place, env.ORDINAUT_EXT_PATHS ?? ''].join(delimiter),
    'data-dir': dataDir ?? (env.ORDINAUT_DATA_DIR || join(folder, 'node_modules/.cache/ordinaut')),
    ...(port === undefined ? {} : { port }),
    ...(logLevel === undefined ? {} : { 'log-level': logLevel }),
  };
}
