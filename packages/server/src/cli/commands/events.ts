import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { text } from '../output.ts';
import { unchecked } from '../unchecked.ts';

export function addEvents(program: Command): void {
  const events = program.command('events').description('publish events, and watch them');
  events
    .command('publish <topic>')
    .description('publish an event; tasks that wait for it run')
    .option('--data <json>', 'payload as JSON; - reads standard input')
    .option('--source <name>', 'who publishes it (default: api)')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut events publish deploy.finished --data '{"env": "prod"}'
  $ curl -s https://example.org/state | ordinaut events publish state.seen --data -`,
    )
    .action(
      withServer(async ({ client, output }, topic: string, flags: { data?: string; source?: string }) => {
        const { parseJson, readJson } = await import('../input.ts');
        const { data, source } = flags;
        const payload = data === undefined ? null : data === '-' ? await readJson('-') : parseJson(data, '--data');
        const body = { topic, payload, ...(source === undefined ? {} : { source_agent_id: source }) };
        const published = await client.events.publish(unchecked(body));
        await output.result(published, () => {
          const { stream_id: id, triggered_tasks: tasks } = published.details;
          const started = tasks.length === 0 ? '' : `\nIt has started ${tasks.map(text).join(', ')}.`;
          return `Event ${text(id)} is published.${started}`;
        });
      }),
    );
  events
    .command('tail')
    .description('watch the events of the core as they come, until Ctrl+C')
    .option('--topic <glob>', 'only topics that match, like "run.*"')
    .option('--after <id>', 'begin after the event with this id; 0-0: with the oldest that is kept')
    .addHelpText('after', '\nWith --json, a line of JSON for each event.')
    .action(
      withServer(async (context, flags: { topic?: string; after?: string }) => {
        const { tailEvents } = await import('../tail-events.ts');
        await tailEvents(flags, context);
      }),
    );
}
