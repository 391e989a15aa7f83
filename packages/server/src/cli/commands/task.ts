import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { collect } from '../input.ts';
import { fields, paintStatus, table, text } from '../output.ts';
import type { CreateFlags } from '../task-input.ts';
import { unchecked } from '../unchecked.ts';

export function addTask(program: Command): void {
  const task = program.command('task').description('make, show, run and stop tasks');
  addCreate(task);
  addList(task);
  task
    .command('show <id>')
    .description('show a task')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const found = await client.tasks.get(id);
        await output.result(found, () => fields(found, output.color));
      }),
    );
  addRunNow(task);
  for (const [verb, description] of [
    ['pause', 'let a task not fire until it is resumed'],
    ['resume', 'let a paused task fire again'],
    ['cancel', 'stop a task for good, with its queued runs'],
  ] as const) {
    task
      .command(`${verb} <id>`)
      .description(description)
      .action(
        withServer(async ({ client, output }, id: string) => {
          const done = await client.tasks[verb](id);
          await output.result(done, () => text(done.message));
        }),
      );
  }
}

function addCreate(task: Command): void {
  task
    .command('create')
    .description('make a task, from a file or from flags (a flag goes before the field of the file)')
    .option('--file <file>', 'JSON of the task; - reads standard input')
    .option('--title <title>', 'name of the task')
    .option('--description <text>', 'what it is for')
    .option('--cron <expression>', 'fire by a cron expression')
    .option('--rrule <rule>', 'fire by an RFC 5545 recurrence rule')
    .option('--once <instant>', 'fire once, at an ISO 8601 instant')
    .option('--event <topic>', 'fire on events whose topic matches this glob')
    .option('--condition <expression>', 'with --event: fire only when this JMESPath expression is true')
    .option('--timezone <zone>', 'IANA time zone of the schedule (default: UTC)')
    .option('--step <json>', 'a step of the pipeline; may be given several times', collect)
    .option('--param <name=value>', 'a parameter of the pipeline; may be given several times', collect)
    .option('--priority <1-9>', '1 is the highest (default: 5)')
    .option('--max-retries <0-10>', 'retries of a run that failed (default: 3)')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut task create --file task.json
  $ ordinaut task create --title Report --cron "0 9 * * 1-5" --timezone Europe/Berlin \\
      --step '{"id": "get", "uses": "http.request", "with": {"url": "https://example.org/report"}}'
  $ ordinaut task create --title "On deploy" --event "deploy.*" --condition "payload.env == 'prod'" \\
      --step '{"id": "say", "uses": "core.echo", "with": {"text": "\${params.event.topic}"}}'`,
    )
    .action(
      withServer(async ({ client, output }, flags: CreateFlags) => {
        const { readTaskInput } = await import('../task-input.ts');
        const made = await client.tasks.create(unchecked(await readTaskInput(flags)));
        await output.result(made, () => {
          const { id, title, next_run_at: next } = made;
          return `Task ${text(id)} (${text(title)}) is made.${next ? ` It fires next at ${text(next)}.` : ''}`;
        });
      }),
    );
}

function addList(task: Command): void {
  task
    .command('list')
    .description('list tasks, newest first')
    .option('--status <status>', 'active, paused, canceled or completed')
    .option('--kind <kind>', 'cron, rrule, once, event or condition')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(
        async ({ client, output }, flags: Record<'status' | 'kind' | 'limit' | 'cursor', string | undefined>) => {
          const { status, kind, limit, cursor } = flags;
          const page = await client.tasks.list(unchecked({ status, schedule_kind: kind, limit, cursor }));
          await output.result(page, async () => {
            const { items } = page;
            if (items.length === 0) return 'There is no such task.';
            const rows = items.map((item) => [
              text(item.id),
              paintStatus(item.status, output.color),
              `${text(item.schedule_kind)} ${text(item.schedule_expr ?? item.event_topic)}`,
              text(item.next_run_at),
              text(item.title),
            ]);
            return table(['ID', 'STATUS', 'SCHEDULE', 'NEXT RUN', 'TITLE'], rows, output.color);
          });
        },
      ),
    );
}

function addRunNow(task: Command): void {
  task
    .command('run <id>')
    .description('run a task now')
    .option('--wait', 'follow the run, and end with 1 unless it succeeds')
    .option('--param <name=value>', 'a parameter for this run; may be given several times', collect)
    .addHelpText('after', '\nExample:\n  $ ordinaut task run 0190a1b2-… --wait --param city=Berlin --param days=3')
    .action(
      withServer(async (context, id: string, flags: { wait?: true; param?: string[] }) => {
        const { parsePairs } = await import('../input.ts');
        const params = flags.param && parsePairs(flags.param, '--param');
        const queued = await context.client.tasks.runNow(id, params && unchecked({ params }));
        const runId = text(queued.details?.run_id);
        if (!flags.wait) return context.output.result(queued, () => `Run ${runId} is queued.`);
        if (!context.output.json) process.stdout.write(`Run ${runId} is queued.\n`);
        const { tailRun } = await import('../tail-run.ts');
        process.exitCode = await tailRun(runId, context);
      }),
    );
}
