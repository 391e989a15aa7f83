import type { HandlerEvent } from '@ordinaut/sdk';
import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { collect } from '../input.ts';
import { fields, type Output, table, text } from '../output.ts';
import { unchecked } from '../unchecked.ts';

export function addHandler(program: Command): void {
  const handler = program.command('handler').description('make, show, change and call handlers, and list their events');
  handler
    .command('create <file>')
    .description('make a handler from a JSON file; - reads standard input')
    .addHelpText(
      'after',
      `
Example:
  $ echo '{"pipeline": [{"id": "take", "uses": "core.echo", "with": {"text": "\${event.body.text}"}}]}' |
      ordinaut handler create -`,
    )
    .action(
      withServer(async ({ client, output }, file: string) => {
        const { readJson } = await import('../input.ts');
        const made = await client.handlers.create(unchecked(await readJson(file)));
        await output.result(made, () => `Handler ${text(made.id)} is made.`);
      }),
    );
  addList(handler);
  handler
    .command('show <id>')
    .description('show a handler')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const found = await client.handlers.get(id);
        await output.result(found, () => fields(found, output.color));
      }),
    );
  handler
    .command('update <id> <file>')
    .description('change the fields that a JSON file has; - reads standard input')
    .action(
      withServer(async ({ client, output }, id: string, file: string) => {
        const { readJson } = await import('../input.ts');
        const changed = await client.handlers.update(id, unchecked(await readJson(file)));
        await output.result(changed, () => `Handler ${id} is changed.`);
      }),
    );
  handler
    .command('delete <id>')
    .description('delete a handler; its events are kept')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const done = await client.handlers.delete(id);
        await output.result(done, () => text(done.message));
      }),
    );
  addCall(handler);
  addHandlerEvents(handler);
}

function addList(handler: Command): void {
  handler
    .command('list')
    .description('list handlers, newest first')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(async ({ client, output }, { limit, cursor }: Record<'limit' | 'cursor', string | undefined>) => {
        const page = await client.handlers.list(unchecked({ limit, cursor }));
        await output.result(page, async () => {
          const { items } = page;
          if (items.length === 0) return 'There is no handler.';
          const rows = items.map((item) => [
            text(item.id),
            item.is_dynamic === true ? 'dynamic' : amountOf(item.pipeline?.length ?? 0),
            text(item.updated_at),
            text(item.description).split('\n')[0] ?? '',
          ]);
          return table(['ID', 'PIPELINE', 'CHANGED', 'DESCRIPTION'], rows, output.color);
        });
      }),
    );
}

interface CallFlags {
  readonly data?: string;
  readonly type?: string;
  readonly source?: string;
  readonly userData?: string;
  readonly externalId?: string;
  readonly trackId?: string;
  readonly tag?: string[];
}

function addCall(handler: Command): void {
  handler
    .command('call <id>')
    .description('call a handler, and show the events that it makes')
    .option('--data <data>', 'what to send: JSON; @file reads a file, - standard input')
    .option('--type <type>', 'content type of the data, which is then sent as it is (default: application/json)')
    .option('--source <name>', 'where it comes from')
    .option('--user-data <text>', 'anything to find in the events')
    .option('--external-id <id>', 'its id elsewhere')
    .option('--track-id <id>', 'what it belongs to, together with others')
    .option('--tag <tag>', 'a tag of the events; may be given several times', collect)
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut handler call 0190a1b2-… --data '{"level": 3}' --source cellar --tag water
  $ ordinaut handler call 0190a1b2-… --data @photo.png --type image/png`,
    )
    .action(
      withServer(async ({ client, output }, id: string, flags: CallFlags) => {
        const { readHandlerData } = await import('../handler-data.ts');
        const { body, headers } = await readHandlerData(flags);
        const query = {
          source: flags.source,
          user_data: flags.userData,
          external_id: flags.externalId,
          track_id: flags.trackId,
          tags: flags.tag?.join(','),
        };
        const made = await client.handlers.generate(id, body, unchecked(query), { headers });
        await output.result(made, async () => {
          const filtered = Number(made.filtered);
          const shown = await eventTable(made.events ?? [], output.color);
          return filtered === 0 ? shown : `${shown}\n${filtered} of what the pipeline made were no events.`;
        });
      }),
    );
}

function addHandlerEvents(handler: Command): void {
  handler
    .command('events <id>')
    .description('list the events of a handler, what was stored last first')
    .option('--source <name>', 'only those from there')
    .option('--external-id <id>', 'only those with this id elsewhere')
    .option('--track-id <id>', 'only those that belong to this')
    .option('--tag <tag>', 'only those with this tag; may be given several times', collect)
    .option('--since <instant>', 'only those from this instant on')
    .option('--until <instant>', 'only those before this instant')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(async ({ client, output }, id: string, flags: EventFlags) => {
        const { externalId: external_id, trackId: track_id, tag, ...rest } = flags;
        const page = await client.handlers.events(
          id,
          unchecked({ ...rest, external_id, track_id, tags: tag?.join(',') }),
        );
        await output.result(page, () => eventTable(page.items, output.color));
      }),
    );
}

interface EventFlags extends Readonly<Record<'source' | 'since' | 'until' | 'limit' | 'cursor', string | undefined>> {
  readonly externalId?: string;
  readonly trackId?: string;
  readonly tag?: string[];
}

async function eventTable(events: readonly HandlerEvent[], color: Output['color']): Promise<string> {
  if (events.length === 0) return 'There is no event.';
  const rows = events.map((event) => [
    text(event.event_id),
    text(event.create_time),
    text(event.source),
    Array.isArray(event.tags) ? event.tags.join(', ') : '',
    text(event.data).slice(0, 80),
  ]);
  return table(['ID', 'TIME', 'SOURCE', 'TAGS', 'DATA'], rows, color);
}

const amountOf = (steps: number): string => (steps === 1 ? '1 step' : `${steps} steps`);
