import type { Command } from 'commander';
import type { Connection } from './connect.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';
import { serverUrl } from './server-url.ts';

/** What every command that talks to a server works with. */
export interface CommandContext extends Connection {
  readonly output: Output;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/**
 * Makes the action of a command that talks to the server which `--url` (or `ORDINAUT_URL`) names, with the credentials of this user.
 *
 * @param act gets the context, and then the arguments and flags of the command.
 */
export const withServer =
  <Given extends unknown[]>(act: (context: CommandContext, ...given: Given) => Promise<void>) =>
  async (...given: unknown[]): Promise<void> => {
    // Commander gives the command last.
    const command = given.pop() as Command;
    const { url: named, json } = command.optsWithGlobals<{ url?: string; json?: boolean }>();
    const url = serverUrl(named ?? (process.env.ORDINAUT_URL || DEFAULT_URL));
    // Help, versions and commands without a server do without the client.
    const { connect } = await import('./connect.ts');
    const connection = connect(url);
    try {
      await act({ ...connection, output: createOutput(json === undefined ? {} : { json }) }, ...(given as Given));
    } catch (error) {
      throw withWayOut(connection.explain(error), url);
    }
  };

/** Who has started a server on another port, and set that for the command line too, is told what it goes by. */
function withWayOut(failure: unknown, url: string): unknown {
  const port = process.env.ORDINAUT_PORT;
  if (!(failure instanceof CliError) || failure.exitCode !== exitCodes.unreachable) return failure;
  if (!port || new URL(url).port === port) return failure;
  const message = `${failure.message} ORDINAUT_PORT (${port}) is read by servers alone: give the address with --url or ORDINAUT_URL.`;
  return new CliError(failure.exitCode, message, { cause: failure });
}
