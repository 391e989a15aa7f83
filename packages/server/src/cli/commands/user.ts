import type { Command } from 'commander';
import { addGrant } from '../add-grant.ts';
import { withServer } from '../command-context.ts';
import { collect, defined } from '../input.ts';
import { fields, text } from '../output.ts';
import { listed, principalTable } from '../principal-table.ts';
import { unchecked } from '../unchecked.ts';

export function addUser(program: Command): void {
  const user = program.command('user').description('make, show, disable and delete users, and change passwords');
  addList(user);
  addAdd(user);
  user
    .command('show <name>')
    .description('show a user')
    .action(
      withServer(async ({ client, output }, name: string) => {
        const found = await client.users.get(name);
        await output.result(found, () => {
          const { scopes, effective_scopes: effective, ...rest } = found;
          return fields({ ...rest, scopes: listed(scopes), 'may do': listed(effective) }, output.color);
        });
      }),
    );
  addPasswd(user);
  addGrant(user, 'user', (client, name, patch) => client.users.update(name, patch));
  for (const [verb, disabled, description] of [
    ['disable', true, 'lock a user out: sessions, tokens and API keys of theirs count for nothing; their tasks go on'],
    ['enable', false, 'let a disabled user in again'],
  ] as const) {
    user
      .command(`${verb} <name>`)
      .description(description)
      .action(
        withServer(async ({ client, output }, name: string) => {
          const changed = await client.users.update(name, { disabled });
          await output.result(changed, () => `The user ${text(changed.username)} is ${verb}d.`);
        }),
      );
  }
  user
    .command('delete <name>')
    .description('delete a user; the name stays taken, because the history bears it')
    .option('--yes', 'do not ask')
    .action(
      withServer(async ({ client, output }, name: string, flags: { yes?: true }) => {
        const { confirm } = await import('../ask.ts');
        await confirm(`Delete the user ${name} for good?`, flags);
        const done = await client.users.delete(name);
        await output.result(done, () => text(done.message));
      }),
    );
}

function addList(user: Command): void {
  user
    .command('list')
    .description('list users, newest first')
    .option('--name <part>', 'part of the name')
    .option('--role <role>', 'admin, operator, analyst, viewer or api_service')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(
        async ({ client, output }, flags: Record<'name' | 'role' | 'limit' | 'cursor', string | undefined>) => {
          const page = await client.users.list(unchecked(flags));
          await output.result(page, () => principalTable(page, 'user', output.color));
        },
      ),
    );
}

interface AddFlags {
  readonly role?: string;
  readonly scope?: string[];
  readonly passwordStdin?: true;
}

function addAdd(user: Command): void {
  user
    .command('add <name>')
    .description('make a user')
    .option('--role <role>', 'admin, operator, analyst, viewer or api_service (default: viewer)')
    .option('--scope <scope>', 'a scope besides those of the role; may be given several times', collect)
    .option('--password-stdin', 'read the password from standard input (default: a random one, shown once)')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut user add anna --role operator
  $ ordinaut user add ben --scope ext:hello:routes --password-stdin < password.txt`,
    )
    .action(
      withServer(async ({ client, output }, username: string, { role, scope: scopes, passwordStdin }: AddFlags) => {
        const password = passwordStdin ? await readPassword() : undefined;
        const body = defined({ username, role, scopes, password });
        const made = await client.users.create(unchecked(body));
        await output.result(made, () => {
          const { username: name, role: its, password: random } = made;
          const shown = random === undefined ? '' : `\nThe password, shown this once: ${text(random)}`;
          return `The user ${text(name)} is made, with the role ${text(its)}.${shown}`;
        });
      }),
    );
}

function addPasswd(user: Command): void {
  user
    .command('passwd [name]')
    .description('change the password of a user, or your own; every session of theirs ends')
    .option(
      '--password-stdin',
      'read it from standard input: the new one, for your own the present one on a line before',
    )
    .addHelpText(
      'after',
      `
Without a name it is your own, and you stay logged in.

Examples:
  $ ordinaut user passwd
  $ ordinaut user passwd anna
  $ printf '%s\\n%s\\n' "$OLD" "$NEW" | ordinaut user passwd --password-stdin`,
    )
    .action(
      withServer(async (context, name: string | undefined, flags: { passwordStdin?: true }) => {
        const { client, output } = context;
        if (name === undefined) {
          const { changeOwnPassword } = await import('../change-own-password.ts');
          const { done, isLoggedIn } = await changeOwnPassword(context, flags);
          return output.result(done, () =>
            isLoggedIn ? 'Your password is changed, and you are logged in with it.' : text(done.message),
          );
        }
        const password = flags.passwordStdin ? await readPassword() : await askPassword();
        const changed = await client.users.update(name, unchecked({ password }));
        await output.result(changed, () => `The password of ${text(changed.username)} is changed.`);
      }),
    );
}

async function readPassword(): Promise<string | undefined> {
  const { readSecrets } = await import('../read-secrets.ts');
  const [password] = await readSecrets('--password-stdin', ['the password']);
  return password;
}

async function askPassword(): Promise<string> {
  const { askNewPassword, assertTerminal } = await import('../ask.ts');
  assertTerminal('Give --password-stdin, with the new password on standard input.');
  return askNewPassword();
}
