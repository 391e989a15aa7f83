import type { Agent, OrdinautClient, User, UserPatch } from '@ordinaut/sdk';
import type { Command } from 'commander';
import { withServer } from './command-context.ts';
import { usageError } from './exit-codes.ts';
import { collect, defined } from './input.ts';
import { listed } from './principal-table.ts';
import { unchecked } from './unchecked.ts';

interface GrantFlags {
  readonly role?: string;
  readonly scope?: string[];
}

/** What is changed: fields that users and agents have both. */
type Grant = Pick<UserPatch, 'role' | 'scopes'>;

/** The command `grant`, the same for users and agents. @param change changes one by what the user has typed. */
export function addGrant(
  parent: Command,
  kind: 'user' | 'agent',
  change: (client: OrdinautClient, name: string, patch: Grant) => Promise<Agent | User>,
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
    .action(
      withServer(async ({ client, output }, name: string, { role, scope: scopes }: GrantFlags) => {
        if (role === undefined && scopes === undefined) throw usageError('Give --role, --scope or both.');
        const body = defined({ role: role === 'none' ? null : role, scopes });
        const changed = await change(client, name, unchecked(body));
        await output.result(changed, () => `The ${kind} ${name} may: ${listed(changed.effective_scopes)}.`);
      }),
    );
}
