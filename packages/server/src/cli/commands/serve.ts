import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/settings.ts';
import type { RunningServer } from '../../server.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { readConfig } from '../server-settings.ts';

/**
 * @param options.isWanted whether `serve` is what was asked for: only then its flags are made, because they come from the
 *   settings, which take long to load.
 */
export async function addServe(program: Command, { isWanted }: { isWanted: boolean }): Promise<void> {
  const command = program
    .command('serve')
    .description('run the server')
    .addHelpText(
      'after',
      `
Every flag is also an environment variable; a flag goes before it.
The log is JSON lines on standard output. SIGTERM or Ctrl+C stops it: work under way may finish, the rest is handed back.

Examples:
  $ ordinaut serve
  $ ordinaut serve --port 9000 --data-dir /var/lib/ordinaut
  $ DATABASE_URL=postgres://ordinaut@db/ordinaut ordinaut serve --roles worker --worker-concurrency 64`,
    )
    .action(async (flags: Record<string, string | boolean>) => {
      await serveUntilStopped(await readConfig(asSettingFlags(flags)));
    });
  if (!isWanted) return;
  const { settings } = await import('../../config/settings.ts');
  for (const { flag, env, description, default: preset, schema } of settings) {
    const isSwitch = 'type' in schema && schema.type === 'boolean';
    const isNone = preset === null || (typeof preset === 'object' && Object.keys(preset).length === 0);
    const shown = isNone || isSwitch ? '' : `; default ${String(preset)}`;
    command.option(
      isSwitch ? `--${flag}` : `--${flag} <value>`,
      `${description.replaceAll('`', '')} ($${env}${shown})`,
    );
  }
}

/** Commander's names (`dataDir`) as flags (`data-dir`). */
const asSettingFlags = (flags: Record<string, string | boolean>): Record<string, string | boolean> =>
  Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  );

/** Milliseconds in which further signals are the same wish to stop. */
const ONE_WISH_MS = 500;

/** Runs the server until a signal ends it. */
export async function serveUntilStopped(config: Config): Promise<void> {
  const { serve } = await import('../../server.ts');
  let server: RunningServer | undefined;
  let askedAt: number | null = null;
  /** The log has told why. */
  const failed = () => {
    process.exitCode = exitCodes.failed;
  };
  const onSignal = () => {
    // `npm`, `timeout` and terminals send one wish twice: to the process and to its group.
    if (askedAt !== null && performance.now() - askedAt > ONE_WISH_MS) process.exit(130);
    askedAt ??= performance.now();
    void server?.stop().catch(failed);
  };
  process.on('SIGTERM', onSignal);
  stopWithNpm(onSignal);
  process.on('SIGINT', onSignal);
  try {
    server = await serve(config);
  } catch (error) {
    throw new CliError(exitCodes.failed, sentenceOf(error, config), { cause: error });
  }
  await tellFirstAdmin(server, config);
  if (askedAt !== null) await server.stop().catch(failed);
  else if (process.stderr.isTTY) greet(server, config);
  await server.closed;
  // Nothing should be left by now; if something is, the process ends all the same.
  setTimeout(() => process.exit(), 5_000).unref();
}

/** `npm start` is often ended by a signal that npm and its shell do not pass on: then this process has a new parent. */
function stopWithNpm(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 500);
  watch.unref();
}

function sentenceOf(error: unknown, { http, log }: Config): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const stack = ['debug', 'trace'].includes(log.level) && error instanceof Error ? `\n${error.stack}` : '';
  if (code === 'EADDRINUSE') {
    return `Port ${http.port} of ${http.host} is taken by another process; stop that or choose another with --port.${stack}`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `${http.host} is no address of this machine; choose another with --host.${stack}`;
  }
  if (code === 'EACCES' && message.includes('listen')) {
    return `Port ${http.port} may not be opened by this user; choose one above 1023 with --port.${stack}`;
  }
  return `The server did not start: ${message}${stack}`;
}

/** Said on standard error: the log, which is kept and shipped, is no place for a password. */
async function tellFirstAdmin({ firstAdmin }: RunningServer, config: Config): Promise<void> {
  const { isOpen } = await import('../../config/load-config.ts');
  const open = isOpen(config);
  if (firstAdmin?.random) {
    const { password, file } = firstAdmin.random;
    const need = open ? ' Nobody has to log in as long as only this machine can reach the server.' : '';
    process.stderr.write(
      `The user ${firstAdmin.username} was made, with the password ${password} (kept in ${file}; delete it once you have changed it).${need}\n`,
    );
    return;
  }
  // Made at an earlier start, perhaps before there was anybody to log in.
  const kept = join(config.storage.dataDir, 'admin-password');
  if (!open && existsSync(kept))
    process.stderr.write(`Log in as admin; unless it was changed, the password is in ${kept}.\n`);
}

function greet(server: RunningServer, { storage, engine }: Config): void {
  const lines = [
    'Ordinaut is ready.',
    ...(server.url === null ? [] : [`  API    ${server.url}`, `  Docs   ${server.url}/docs`]),
    `  Store  ${server.store === 'sqlite' ? `SQLite in ${storage.dataDir}` : 'PostgreSQL'}`,
    `  Roles  ${engine.roles.join(', ')}`,
    '  Ctrl+C stops it.',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}
