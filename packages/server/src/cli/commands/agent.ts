import type { Command } from 'commander';
import { addGrant } from '../add-grant.ts';
import type { ApiClient } from '../api-client.ts';
import { contextOf } from '../command-context.ts';
import { CliError } from '../exit-codes.ts';
import { collect, defined } from '../input.ts';
import { isRecord } from '../is-record.ts';
import { fields, text } from '../output.ts';
import { listed, principalTable } from '../principal-table.ts';

export function addAgent(program: Command): void {
  const agent = program.command('agent').description('make, show, disable and delete agents: programs that log in');
  addList(agent);
  addAdd(agent);
  addGrant(agent, 'agent', pathOf);
  agent
    .command('show <agent>')
    .description('show an agent, by its name or id')
    .action(async (agent: string, _flags: unknown, command: Command) => {
      const { client, output } = contextOf(command);
      const found = await client.request('GET', await pathOf(client, agent));
      await output.result(found, () => {
        const { scopes, effective_scopes: effective, ...rest } = isRecord(found) ? found : {};
        return fields({ ...rest, scopes: listed(scopes), 'may do': listed(effective) }, output.color);
      });
    });
  for (const [verb, disabled, description] of [
    ['disable', true, 'lock an agent out: sessions, tokens and API keys of it count for nothing'],
    ['enable', false, 'let a disabled agent in again'],
  ] as const) {
    agent
      .command(`${verb} <agent>`)
      .description(description)
      .action(async (agent: string, _flags: unknown, command: Command) => {
        const { client, output } = contextOf(command);
        const changed = await client.request('PATCH', await pathOf(client, agent), { body: { disabled } });
        await output.result(changed, () => `The agent ${text(isRecord(changed) ? changed.name : agent)} is ${verb}d.`);
      });
  }
  agent
    .command('delete <agent>')
    .description('delete an agent; the name stays taken, because the history bears it')
    .option('--yes', 'do not ask')
    .action(async (agent: string, flags: { yes?: true }, command: Command) => {
      const { client, output } = contextOf(command);
      const { confirm } = await import('../ask.ts');
      const path = await pathOf(client, agent);
      await confirm(`Delete the agent ${agent} for good?`, flags);
      const done = await client.request('DELETE', path);
      await output.result(done, () => text(isRecord(done) ? done.message : done));
    });
  agent
    .command('credentials <agent>')
    .description('make a new secret for an agent, shown once; the one before counts for nothing any more')
    .action(async (agent: string, _flags: unknown, command: Command) => {
      const { client, output } = contextOf(command);
      const made = await client.request('POST', `${await pathOf(client, agent)}/credentials`);
      await output.result(made, () => secretLines(isRecord(made) ? made : {}));
    });
}

function addList(agent: Command): void {
  agent
    .command('list')
    .description('list agents, newest first')
    .option('--name <part>', 'part of the name')
    .option('--role <role>', 'admin, operator, analyst, viewer or api_service')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(async (flags: Record<'name' | 'role' | 'limit' | 'cursor', string | undefined>, command: Command) => {
      const { client, output } = contextOf(command);
      const page = await client.request('GET', '/agents', { query: flags });
      await output.result(page, () => principalTable(page, 'agent', output.color));
    });
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
    .action(async (name: string, flags: AddFlags, command: Command) => {
      const { client, output } = contextOf(command);
      const { description, role, scope: scopes } = flags;
      const made = await client.request('POST', '/agents', { body: defined({ name, description, role, scopes }) });
      const secret = flags.credentials ? await makeSecret(client, made, name) : {};
      const answer = { ...(isRecord(made) ? made : {}), ...secret };
      await output.result(answer, () =>
        [`The agent ${text(answer.name)} is made.`, ...(flags.credentials ? [secretLines(answer)] : [])].join('\n'),
      );
    });
}

/** @throws CliError that says that the agent is made all the same. */
async function makeSecret(client: ApiClient, agent: unknown, name: string): Promise<Record<string, unknown>> {
  try {
    const id = text(isRecord(agent) ? agent.id : null);
    const made = await client.request('POST', `/agents/${id}/credentials`);
    return {
      has_secret: true,
      ...(isRecord(made) ? { agent_id: made.agent_id, agent_secret: made.agent_secret } : {}),
    };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { exitCode, body, message } = error;
    throw new CliError(
      exitCode,
      `The agent ${name} is made, but it has no secret yet: ${message} Run "ordinaut agent credentials ${name}".`,
      { body, cause: error },
    );
  }
}

const secretLines = ({ agent_id: id, agent_secret: secret }: Record<string, unknown>): string =>
  `Its id is ${text(id)}.\nThe secret, shown this once: ${text(secret)}`;

/** The path of an agent, by its name or id. */
async function pathOf(client: ApiClient, agent: string): Promise<string> {
  const { findAgent } = await import('../find-agent.ts');
  return findAgent(client, agent);
}
