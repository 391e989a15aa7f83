import type { Run } from '@ordinaut/sdk';
import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { fields, paintStatus, table, text } from '../output.ts';
import { unchecked } from '../unchecked.ts';

export function addRun(program: Command): void {
  const run = program.command('run').description('list, show, follow, cancel and retry runs');
  addList(run);
  run
    .command('show <id>')
    .description('show a run with its steps')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const found = await client.runs.get(id);
        await output.result(found, async () => {
          const { steps, ...rest } = found;
          const rows = (steps ?? []).map((step) => [
            text(step.id),
            text(step.uses),
            paintStatus(step.status, output.color),
            outcomeOf(step),
          ]);
          const listed =
            rows.length === 0 ? '' : `\n\n${await table(['STEP', 'USES', 'STATUS', 'OUTPUT'], rows, output.color)}`;
          return fields(rest, output.color) + listed;
        });
      }),
    );
  run
    .command('tail <id>')
    .description('follow a run until it is over; ends with 1 unless it succeeds')
    .addHelpText('after', '\nWith --json, a line of JSON for each step and one for the run.')
    .action(
      withServer(async (context, id: string) => {
        const { tailRun } = await import('../tail-run.ts');
        process.exitCode = await tailRun(id, context);
      }),
    );
  for (const [verb, description] of [
    ['cancel', 'cancel a run; a step under way is aborted'],
    ['retry', 'run a failed or canceled run again, from the step it did not finish'],
  ] as const) {
    run
      .command(`${verb} <id>`)
      .description(description)
      .action(
        withServer(async ({ client, output }, id: string) => {
          const done = await client.runs[verb](id);
          await output.result(done, () => {
            const { message, details } = done;
            return `${text(message)}${verb === 'retry' ? ` Its id is ${text(details?.run_id)}.` : ''}`;
          });
        }),
      );
  }
}

/** What a step has come to, in a cell. */
function outcomeOf(step: Run['steps'][number]): string {
  if (step.error) return text(step.error.message);
  if (step.status !== 'waiting') return text(step.output).slice(0, 80);
  return step.approval_id === undefined
    ? `until ${text(step.wake_at)}`
    : `for approval ${text(step.approval_id)}, until ${text(step.wake_at)}`;
}

const shortened = (sentence: string): string => (sentence.length > 100 ? `${sentence.slice(0, 99)}…` : sentence);

function addList(run: Command): void {
  run
    .command('list')
    .description('list runs, newest first')
    .option('--task <id>', 'of this task')
    .option('--status <status>', 'queued, running, waiting, succeeded, failed or canceled')
    .option('--since <instant>', 'made at or after this ISO 8601 instant')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(
        async (
          { client, output },
          flags: Record<'task' | 'status' | 'since' | 'limit' | 'cursor', string | undefined>,
        ) => {
          const { task, status, since, limit, cursor } = flags;
          const page = await client.runs.list(unchecked({ task_id: task, status, start_time: since, limit, cursor }));
          await output.result(page, async () => {
            const { items } = page;
            if (items.length === 0) return 'There is no such run.';
            const rows = items.map((item) => [
              text(item.id),
              paintStatus(item.status, output.color),
              text(item.trigger),
              text(item.created_at),
              text(item.task_id),
              item.error ? shortened(text(item.error.message)) : '',
            ]);
            return table(['ID', 'STATUS', 'TRIGGER', 'CREATED', 'TASK', 'ERROR'], rows, output.color);
          });
        },
      ),
    );
}
