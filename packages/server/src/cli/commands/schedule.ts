import type { Command } from 'commander';
import { CliError, exitCodes, usageError } from '../exit-codes.ts';
import { createOutput, table } from '../output.ts';

export function addSchedule(program: Command): void {
  const schedule = program.command('schedule').description('look at schedules');
  schedule
    .command('preview')
    .description('show when an expression fires next; needs no server')
    .option('--cron <expression>', 'a cron expression, 5 or 6 fields or @daily and the like')
    .option('--rrule <rule>', 'an RFC 5545 recurrence rule')
    .option('--once <instant>', 'an ISO 8601 instant')
    .option('--timezone <zone>', 'IANA time zone (default: UTC)')
    .option('--dtstart <instant>', 'first instant of an rrule (default: now)')
    .option('--from <instant>', 'fire times after this instant (default: now)')
    .option('--count <number>', 'fire times to show, 1 to 100 (default: 10)')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut schedule preview --cron "0 9 * * *" --timezone Europe/Berlin
  $ ordinaut schedule preview --rrule "FREQ=MONTHLY;BYDAY=-1FR" --count 3`,
    )
    .action(async (flags: PreviewFlags, command: Command) => {
      const preview = await previewOf(flags);
      const output = createOutput(command.optsWithGlobals());
      await output.result(preview, async () => {
        const rows = preview.fire_times.map(({ at, local, note }) => [local, at, note ?? '']);
        if (rows.length === 0) return `${preview.description}\nNo fire time is left.`;
        return `${preview.description}\n\n${await table(['LOCAL TIME', 'UTC', 'NOTE'], rows, output.color)}`;
      });
    });
}

interface PreviewFlags {
  readonly cron?: string;
  readonly rrule?: string;
  readonly once?: string;
  readonly timezone?: string;
  readonly dtstart?: string;
  readonly from?: string;
  readonly count?: string;
}

async function previewOf({ cron, rrule, once, count, ...rest }: PreviewFlags) {
  const given = Object.entries({ cron, rrule, once }).filter(([, value]) => value !== undefined);
  const [kind, expression] = given[0] ?? [];
  if (kind === undefined || given.length > 1) throw usageError('Give one of --cron, --rrule and --once.');
  const { readPreview } = await import('../../schedule/read-preview.ts');
  try {
    return readPreview(
      {
        schedule_kind: kind,
        schedule_expr: expression,
        ...(count === undefined ? {} : { count: Number(count) }),
        ...rest,
      },
      Date.now(),
    );
  } catch (error) {
    throw new CliError(exitCodes.usage, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
