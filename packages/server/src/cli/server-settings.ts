import type { Config } from '../config/settings.ts';
import { usageError } from './exit-codes.ts';

/** The settings of this process, for the commands that work without a server. @throws CliError naming all problems. */
export async function readConfig(flags: Readonly<Record<string, string | boolean | undefined>> = {}): Promise<Config> {
  const { ConfigError, loadConfig } = await import('../config/load-config.ts');
  try {
    return loadConfig(process.env, flags);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n');
    throw usageError(
      lines.length === 1 ? error.message : ['The settings cannot be used:', ...lines].join('\n  '),
      error,
    );
  }
}
