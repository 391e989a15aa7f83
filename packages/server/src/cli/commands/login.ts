import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';
import { fields, text } from '../output.ts';
import { listed } from '../principal-table.ts';
import { warnOfPlainHttp } from '../warn-of-plain-http.ts';

interface LoginFlags {
  readonly username?: string;
  readonly passwordStdin?: true;
  readonly agent?: string;
  readonly secretStdin?: true;
}

/** `login`, `logout` and `whoami`. */
export function addLogin(program: Command): void {
  program
    .command('login')
    .description('log in to the server; the other commands use the login from then on')
    .option('--username <name>', 'who logs in (default: asks)')
    .option('--password-stdin', 'read the password from standard input (default: asks)')
    .option('--agent <id>', 'log in as an agent, by its name or id')
    .option('--secret-stdin', 'read the secret of the agent from standard input (default: asks)')
    .addHelpText(
      'after',
      `
The login is kept for the URL of the server in ordinaut/credentials.json of $XDG_CONFIG_HOME (default: ~/.config; on
Windows %APPDATA%), which its owner alone can read. ORDINAUT_TOKEN, with an API key or access token, goes before it.
A certificate that this machine does not know is accepted when NODE_EXTRA_CA_CERTS names a file with it.

Examples:
  $ ordinaut login
  $ ordinaut login --url https://ordinaut.example.org --username anna
  $ ordinaut login --username admin --password-stdin < data/admin-password
  $ NODE_EXTRA_CA_CERTS=server.crt ordinaut login --url https://127.0.0.1:8443 --agent deployer`,
    )
    .action(
      withServer(async ({ url, output }, flags: LoginFlags) => {
        warnOfPlainHttp(url);
        const who = await readLogin(flags);
        const { logIn } = await import('../log-in.ts');
        const me = await logIn(url, who);
        await output.result(me, () => {
          const { username, role } = me;
          return `Logged in to ${url} as ${text(username)}${role ? `, whose role is ${text(role)}` : ''}.`;
        });
        if (process.env.ORDINAUT_TOKEN?.trim())
          process.stderr.write('ORDINAUT_TOKEN is set and goes before this login; unset it to use the login.\n');
      }),
    );
  program
    .command('logout')
    .description('end the login at the server, and forget it')
    .action(
      withServer(async (context) => {
        const { logOut } = await import('../log-out.ts');
        const done = await logOut(context);
        await context.output.result(done, () => done.message);
      }),
    );
  program
    .command('whoami')
    .description('show who the server takes you for, and what you may do')
    .action(
      withServer(async ({ url, client, output }) => {
        const me = await client.users.me();
        await output.result(me, () => {
          const { authenticated, kind, username, role, scopes, via } = me;
          if (authenticated !== true) return `Nobody has to log in to ${url}, and you are not.`;
          const shown = { name: username, kind, role, scopes: listed(scopes), by: via };
          return fields({ ...shown, server: url }, output.color);
        });
      }),
    );
}

async function readLogin({ username, passwordStdin, agent, secretStdin }: LoginFlags) {
  if (agent !== undefined && (username !== undefined || passwordStdin))
    throw usageError('An agent has a secret and no password: give --agent with --secret-stdin alone.');
  if (agent === undefined && secretStdin) throw usageError('--secret-stdin needs --agent, whose secret it is.');
  if (passwordStdin && username === undefined)
    throw usageError('--password-stdin needs --username: standard input has the password alone.');
  const kind = agent === undefined ? ('user' as const) : ('agent' as const);
  const given = agent ?? username;
  if (given !== undefined && (passwordStdin || secretStdin)) {
    const { readSecrets } = await import('../read-secrets.ts');
    const [flag, what] = secretStdin
      ? ['--secret-stdin', 'the secret of the agent']
      : ['--password-stdin', 'the password'];
    const [secret = ''] = await readSecrets(flag, [what]);
    return { kind, name: given, secret };
  }
  const { askSecret, askText, assertTerminal } = await import('../ask.ts');
  assertTerminal(
    agent === undefined
      ? 'Give --username, and --password-stdin with the password on standard input; or set ORDINAUT_TOKEN instead.'
      : 'Give --secret-stdin, with the secret on standard input.',
  );
  const name = given ?? (await askText('Username:'));
  return { kind, name, secret: await askSecret(agent === undefined ? 'Password:' : 'Secret:') };
}
