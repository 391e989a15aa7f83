import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { fields, paintStatus, table, text } from '../output.ts';
import { unchecked } from '../unchecked.ts';

export function addApproval(program: Command): void {
  const approval = program.command('approval').description('list, show, approve and reject what runs ask');
  addList(approval);
  approval
    .command('show <id>')
    .description('show what is asked, and the answer')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const found = await client.approvals.get(id);
        await output.result(found, () => {
          const { details, approvers, status, ...rest } = found;
          const who = Array.isArray(approvers) && approvers.length > 0 ? approvers.map(text).join(', ') : null;
          const shown = fields({ status: paintStatus(status, output.color), ...rest, approvers: who }, output.color);
          return details ? `${shown}\n\n${JSON.stringify(details, null, 2)}` : shown;
        });
      }),
    );
  for (const [verb, description, example] of [
    ['approve', 'approve: the run goes on', 'Looks good'],
    ['reject', 'reject: the step fails, or goes on with the decision as its output', 'Not on a Friday'],
  ] as const) {
    approval
      .command(`${verb} <id>`)
      .description(description)
      .option('--comment <text>', 'why; shown with the decision')
      .addHelpText('after', `\nExample:\n  $ ordinaut approval ${verb} 0190a1b2-… --comment "${example}"`)
      .action(
        withServer(async ({ client, output }, id: string, flags: { comment?: string }) => {
          const body = flags.comment === undefined ? {} : { comment: flags.comment };
          const decided = await client.approvals[verb](id, body);
          await output.result(decided, () => {
            const { status, title, run_id, on_reject } = decided;
            const next =
              verb === 'reject' && on_reject === 'fail'
                ? `The step of run ${text(run_id)} fails`
                : `Run ${text(run_id)} goes on`;
            return `${text(title)} is ${paintStatus(status, output.color)}. ${next}.`;
          });
        }),
      );
  }
}

type ListFlag = 'status' | 'run' | 'task' | 'limit' | 'cursor';

function addList(approval: Command): void {
  approval
    .command('list')
    .description('list what runs ask, newest first')
    .option('--status <status>', 'pending, approved, rejected, expired or canceled')
    .option('--run <id>', 'of this run')
    .option('--task <id>', 'of this task')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .addHelpText('after', '\nExample:\n  $ ordinaut approval list --status pending')
    .action(
      withServer(async ({ client, output }, flags: Record<ListFlag, string | undefined>) => {
        const { status, run, task, limit, cursor } = flags;
        const page = await client.approvals.list(unchecked({ status, run_id: run, task_id: task, limit, cursor }));
        await output.result(page, async () => {
          const { items } = page;
          if (items.length === 0) return 'There is no such approval.';
          const rows = items.map((item) => [
            text(item.id),
            paintStatus(item.status, output.color),
            text(item.title).slice(0, 60),
            text(item.requested_by),
            item.status === 'pending' ? `until ${text(item.expires_at)}` : text(item.decided_by),
          ]);
          return table(['ID', 'STATUS', 'TITLE', 'ASKED BY', 'ANSWER'], rows, output.color);
        });
      }),
    );
}
