import type { CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { durationOf, followRun } from './follow-run.ts';
import { isRecord } from './is-record.ts';
import { paintStatus, text } from './output.ts';

/** Follows a run, writes how it ended, and gives the exit code for it. */
export async function tailRun(id: string, context: CommandContext): Promise<number> {
  const { output } = context;
  const run = await followRun(id, context);
  output.event({ event: 'run', ...run }, () => {
    const error = isRecord(run.error) ? `\n${output.color.red(text(run.error.code))}: ${text(run.error.message)}` : '';
    const result = run.output === null || run.output === undefined ? '' : `\n${JSON.stringify(run.output, null, 2)}`;
    return `Run ${id} ${paintStatus(run.status, output.color)}${durationOf(run)}${error}${result}`;
  });
  return run.status === 'succeeded' ? exitCodes.ok : exitCodes.failed;
}
