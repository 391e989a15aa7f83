import type { Command } from 'commander';
import type { ApiClient } from './api-client.ts';
import { contextOf } from './command-context.ts';
import { usageError } from './exit-codes.ts';
import { collect, defined } from './input.ts';
import { isRecord } from './is-record.ts';
import { listed } from './principal-table.ts';

interface GrantFlags {
  readonly role?: string;
  readonly scope?: string[];
}

/** The command `grant`, the same for users and agents. @param pathOf the path of one by what the user has typed. */
export function addGrant(
  parent: Command,
  kind: 'user' | 'agent',
  pathOf: (client: ApiClient, name: string) => string | Promise<string>,
): void {
  parent
    .command('grant <name>')
    .description(
      'change what somebody may do; it counts at once, also for tokens that are out (API keys never do more than when they were made)',
    )
    .option('--role <role>', 'admin, operator, analyst, viewer, api_service or none')
    .option('--scope <scope>', 'the scopes besides those of the role, all of them; may be given several times', collect)
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut ${kind} grant ${kind === 'user' ? 'anna' : 'deployer'} --role analyst
  $ ordinaut ${kind} grant ${kind === 'user' ? 'anna' : 'deployer'} --role none --scope tasks:read --scope tasks:run`,
    )
    .action(async (name: string, { role, scope: scopes }: GrantFlags, command: Command) => {
      if (role === undefined && scopes === undefined) throw usageError('Give --role, --scope or both.');
      const { client, output } = contextOf(command);
      const body = defined({ role: role === 'none' ? null : role, scopes });
      const changed = await client.request('PATCH', await pathOf(client, name), { body });
      await output.result(changed, () => {
        const { effective_scopes: effective } = isRecord(changed) ? changed : {};
        return `The ${kind} ${name} may: ${listed(effective)}.`;
      });
    });
}
