import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import type { AuditFlags } from '../tail-audit.ts';

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('look at the audit log')
    .command('tail')
    .description('show the newest entries of the audit log, the newest at the end')
    .option('--principal <name>', 'of this user or agent')
    .option('--action <id>', 'of this operation, like "tasks.create"')
    .option('--outcome <outcome>', 'success, refused or failed')
    .option('--limit <number>', 'entries to begin with, 1 to 200 (default: 50)')
    .option('--follow', 'watch for more until Ctrl+C')
    .addHelpText(
      'after',
      `
With --json, a line of JSON for each entry.

Examples:
  $ ordinaut audit tail --outcome refused --limit 10
  $ ordinaut audit tail --follow --principal anna`,
    )
    .action(
      withServer(async (context, flags: AuditFlags) => {
        const { tailAudit } = await import('../tail-audit.ts');
        await tailAudit(flags, context);
      }),
    );
}
