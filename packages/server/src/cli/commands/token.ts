import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { collect, defined, numberOrText } from '../input.ts';
import { table, text } from '../output.ts';
import { listed } from '../principal-table.ts';
import { unchecked } from '../unchecked.ts';

export function addToken(program: Command): void {
  const token = program.command('token').description('make, list and revoke API keys, for programs that cannot log in');
  addCreate(token);
  token
    .command('list')
    .description('list API keys, newest first: your own; as an admin those of everybody')
    .option('--owner <name>', 'those of another user or agent; needs admin')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(async ({ client, output }, flags: Record<'owner' | 'limit' | 'cursor', string | undefined>) => {
        const page = await client.apiKeys.list(unchecked(flags));
        await output.result(page, async () => {
          const { items } = page;
          if (items.length === 0) return 'There is no API key.';
          const rows = items.map((key) => [
            text(key.id),
            text(key.name),
            text(key.owner),
            `${text(key.prefix)}…`,
            listed(key.scopes),
            key.revoked_at === null ? text(key.expires_at ?? 'never') : output.color.red('revoked'),
            text(key.last_used_at),
          ]);
          return table(['ID', 'NAME', 'OWNER', 'BEGINS', 'SCOPES', 'ENDS', 'LAST USED'], rows, output.color);
        });
      }),
    );
  token
    .command('revoke <id>')
    .description('make an API key count for nothing, at once')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const done = await client.apiKeys.revoke(id);
        await output.result(done, () => text(done.message));
      }),
    );
}

interface CreateFlags {
  readonly scope?: string[];
  readonly expiresInDays?: string;
  readonly owner?: string;
}

function addCreate(token: Command): void {
  token
    .command('create <name>')
    .description('make an API key, shown once; the name says what it is for')
    .option(
      '--scope <scope>',
      'a scope it is good for; may be given several times (default: all of its owner)',
      collect,
    )
    .option('--expires-in-days <number>', 'days until it ends, 1 to 3650 (default: it does not)')
    .option('--owner <name>', 'user or agent whose key it is; another than yourself needs admin')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut token create ci --scope tasks:run --scope runs:read --expires-in-days 90
  $ ORDINAUT_TOKEN=ordk_… ordinaut task list
  $ curl -H "X-API-Key: ordk_…" http://127.0.0.1:8080/tasks`,
    )
    .action(
      withServer(async ({ client, output }, name: string, { scope: scopes, expiresInDays, owner }: CreateFlags) => {
        const body = defined({ name, scopes, expires_in_days: numberOrText(expiresInDays), owner });
        const made = await client.apiKeys.create(unchecked(body));
        await output.result(made, () => {
          const { owner: whose, expires_at: end, api_key: key } = made;
          const until = end === null ? 'does not end' : `ends at ${text(end)}`;
          return `The API key ${name} of ${text(whose)} is made; it ${until}.\nThe key, shown this once: ${text(key)}`;
        });
      }),
    );
}
