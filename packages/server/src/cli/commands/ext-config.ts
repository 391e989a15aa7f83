import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { usageError } from '../exit-codes.ts';
import { collect, parsePairs, readJson } from '../input.ts';
import { isRecord } from '../is-record.ts';
import { fields, text } from '../output.ts';

interface SetFlags {
  readonly file?: string;
  readonly set?: readonly string[];
}

export function addExtConfig(ext: Command): void {
  const config = ext.command('config').description('show, store and forget the configuration of an extension');
  config
    .command('show <id>')
    .description('show what is configured; the values of secrets are hidden')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const shown = await client.extensions.config(id);
        await output.result(shown, () => {
          const { source, config: values } = shown;
          const all = isRecord(values) ? values : {};
          if (Object.keys(all).length === 0) return `Nothing is configured for ${id}.`;
          return `${fields(all, output.color)}\n\n${output.color.dim(`from: ${text(source)}`)}`;
        });
      }),
    );
  addSet(config);
  config
    .command('unset <id>')
    .description('forget what is stored; ORDINAUT_EXT_CONFIG of the server counts again')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const done = await client.extensions.unconfigure(id);
        await output.result(done, () => text(done.message));
      }),
    );
}

function addSet(config: Command): void {
  config
    .command('set <id>')
    .description(
      'store a configuration, encrypted, and reload the extension with it; the old one counts until that works',
    )
    .option('--file <file>', 'JSON of the whole configuration; - reads standard input')
    .option(
      '--set <name=value>',
      'a field; without --file the others stay as they are; may be given several times',
      collect,
    )
    .addHelpText(
      'after',
      `
Other users of this machine can see what stands on a command line: give secrets by --file.

Examples:
  $ ordinaut ext config set deploys --file config.json
  $ ordinaut ext config set deploys --set chatUrl=https://chat.example.org --set everyMs=60000`,
    )
    .action(
      withServer(async ({ client, output }, id: string, flags: SetFlags) => {
        if (flags.file === undefined && flags.set === undefined)
          throw usageError('Give the configuration by --file, or fields of it by --set.');
        const values = flags.file === undefined ? {} : await readJson(flags.file);
        if (!isRecord(values)) throw usageError(`${flags.file} must hold a JSON object, the configuration.`);
        const changes = parsePairs(flags.set ?? [], '--set');
        const shown = flags.set === undefined ? null : await client.extensions.config(id);
        const { config: present, schema } = shown ?? {};
        // What is hidden goes back as it was shown, which keeps it.
        const kept = flags.file === undefined && isRecord(present) ? present : {};
        const body = { config: { ...kept, ...values, ...inTypes(changes, flags.set ?? [], schema) } };
        const done = await client.extensions.configure(id, body);
        await output.result(done, () => text(done.message));
      }),
    );
}

/** A text stays one where the schema wants one: a password may consist of digits. */
function inTypes(
  changes: Readonly<Record<string, unknown>>,
  pairs: readonly string[],
  schema: unknown,
): Record<string, unknown> {
  const properties = isRecord(schema) && isRecord(schema.properties) ? schema.properties : {};
  const texts = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : null;
      const wantsText = isRecord(property) && property.type === 'string';
      return [name, wantsText && typeof value !== 'string' ? (texts.get(name) ?? value) : value];
    }),
  );
}
