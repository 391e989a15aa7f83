import type { Agent, AgentCredentials, OrdinautClient } from '@ordinaut/sdk';
import type { Command } from 'commander';
import { addGrant } from '../add-grant.ts';
import { withServer } from '../command-context.ts';
import type { Connection } from '../connect.ts';
import { CliError } from '../exit-codes.ts';
import { collect, defined } from '../input.ts';
import { fields, text } from '../output.ts';
import { listed, principalTable } from '../principal-table.ts';
import { unchecked } from '../unchecked.ts';

export function addAgent(program: Command): void {
  const agent = program.command('agent').description('make, show, disable and delete agents: programs that log in');
  addList(agent);
  addAdd(agent);
  addGrant(agent, 'agent', async (client, name, patch) => client.agents.update(await idOf(client, name), patch));
  agent
    .command('show <agent>')
    .description('show an agent, by its name or id')
    .action(
      withServer(async ({ client, output }, agent: string) => {
        const found = await client.agents.get(await idOf(client, agent));
        await output.result(found, () => {
          const { scopes, effective_scopes: effective, ...rest } = found;
          return fields({ ...rest, scopes: listed(scopes), 'may do': listed(effective) }, output.color);
        });
      }),
    );
  for (const [verb, disabled, description] of [
    ['disable', true, 'lock an agent out: sessions, tokens and API keys of it count for nothing'],
    ['enable', false, 'let a disabled agent in again'],
  ] as const) {
    agent
      .command(`${verb} <agent>`)
      .description(description)
      .action(
        withServer(async ({ client, output }, agent: string) => {
          const changed = await client.agents.update(await idOf(client, agent), { disabled });
          await output.result(changed, () => `The agent ${text(changed.name)} is ${verb}d.`);
        }),
      );
  }
  agent
    .command('delete <agent>')
    .description('delete an agent; the name stays taken, because the history bears it')
    .option('--yes', 'do not ask')
    .action(
      withServer(async ({ client, output }, agent: string, flags: { yes?: true }) => {
        const { confirm } = await import('../ask.ts');
        const id = await idOf(client, agent);
        await confirm(`Delete the agent ${agent} for good?`, flags);
        const done = await client.agents.delete(id);
        await output.result(done, () => text(done.message));
      }),
    );
  agent
    .command('credentials <agent>')
    .description('make a new secret for an agent, shown once; the one before counts for nothing any more')
    .action(
      withServer(async ({ client, output }, agent: string) => {
        const made = await client.agents.createCredentials(await idOf(client, agent));
        await output.result(made, () => secretLines(made));
      }),
    );
}

function addList(agent: Command): void {
  agent
    .command('list')
    .description('list agents, newest first')
    .option('--name <part>', 'part of the name')
    .option('--role <role>', 'admin, operator, analyst, viewer or api_service')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(
        async ({ client, output }, flags: Record<'name' | 'role' | 'limit' | 'cursor', string | undefined>) => {
          const page = await client.agents.list(unchecked(flags));
          await output.result(page, () => principalTable(page, 'agent', output.color));
        },
      ),
    );
}

interface AddFlags {
  readonly description?: string;
  readonly role?: string;
  readonly scope?: string[];
  readonly credentials: boolean;
}

function addAdd(agent: Command): void {
  agent
    .command('add <name>')
    .description('make an agent, with a secret that it logs in with')
    .option('--description <text>', 'what it is for')
    .option('--role <role>', 'admin, operator, analyst, viewer or api_service (default: none)')
    .option('--scope <scope>', 'a scope besides those of the role; may be given several times', collect)
    .option('--no-credentials', 'without a secret; "ordinaut agent credentials" makes one later')
    .addHelpText(
      'after',
      `
The secret is shown this once. With it:
  $ ordinaut login --agent deployer --secret-stdin < secret.txt

Examples:
  $ ordinaut agent add deployer --scope tasks:run --scope runs:read
  $ ordinaut agent add reporter --role viewer --no-credentials`,
    )
    .action(
      withServer(async (context, name: string, flags: AddFlags) => {
        const { client, output } = context;
        const { description, role, scope: scopes } = flags;
        const made = await client.agents.create(unchecked(defined({ name, description, role, scopes })));
        const secret = flags.credentials ? await makeSecret(context, made) : null;
        const answer = { ...made, ...secret };
        await output.result(answer, () =>
          [`The agent ${text(answer.name)} is made.`, ...(secret === null ? [] : [secretLines(secret)])].join('\n'),
        );
      }),
    );
}

/** @throws CliError that says that the agent is made all the same. */
async function makeSecret({ client, explain }: Connection, { id, name }: Agent) {
  try {
    const { agent_id, agent_secret } = await client.agents.createCredentials(id);
    return { has_secret: true, agent_id, agent_secret };
  } catch (error) {
    const failure = explain(error);
    if (!(failure instanceof CliError)) throw failure;
    const { exitCode, body, message } = failure;
    throw new CliError(
      exitCode,
      `The agent ${name} is made, but it has no secret yet: ${message} Run "ordinaut agent credentials ${name}".`,
      { body, cause: error },
    );
  }
}

const secretLines = ({ agent_id: id, agent_secret: secret }: Omit<AgentCredentials, 'message'>): string =>
  `Its id is ${text(id)}.\nThe secret, shown this once: ${text(secret)}`;

/** The id of an agent, by its name or id. */
async function idOf(client: OrdinautClient, agent: string): Promise<string> {
  const { findAgent } = await import('../find-agent.ts');
  return findAgent(client, agent);
}
