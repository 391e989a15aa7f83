import { type Command, Option } from 'commander';
import { withServer } from '../command-context.ts';
import { createOutput, paintStatus, table, text } from '../output.ts';
import { type PluginTemplateKind, pluginTemplateKinds } from '../plugin/template.ts';
import { readConfig } from '../server-settings.ts';

export function addPlugin(program: Command): void {
  const plugin = program.command('plugin').description('list plugins, and write your own');
  addList(plugin);
  addNew(plugin);
}

function addList(plugin: Command): void {
  plugin
    .command('list')
    .description('list the plugins of the server that answers')
    .action(
      withServer(async ({ client, output }) => {
        const list = await client.plugins.list();
        await output.result(list, () => {
          if (list.plugins.length === 0) return 'No plugin is active: see ORDINAUT_ACTIVE_PLUGINS.';
          const rows = list.plugins.map(({ name, kind, status, classes, event, metrics, error }) => [
            name,
            text(kind ?? '–'),
            paintStatus(status, output.color),
            classes.join(', '),
            event ?? '–',
            text(metrics.handled_total),
            text(metrics.failed_total),
            text(metrics.dropped_total),
            error ?? '',
          ]);
          const head = ['NAME', 'KIND', 'STATUS', 'CLASSES', 'EVENT', 'HANDLED', 'FAILED', 'DROPPED', 'ERROR'];
          return table(head, rows, output.color);
        });
      }),
    );
}

function addNew(plugin: Command): void {
  plugin
    .command('new <name>')
    .description('write a new plugin in TypeScript: one class in one file')
    .addOption(
      new Option('--kind <kind>', 'what it does: send events of handlers, monitor requests, or work in the background')
        .choices([...pluginTemplateKinds])
        .makeOptionMandatory(),
    )
    .option('--dir <folder>', 'folder of the plugins (default: $ORDINAUT_PLUGINS_DIR, or plugins)')
    .action(async (name: string, flags: { kind: PluginTemplateKind; dir?: string }, command: Command) => {
      const output = createOutput(command.optsWithGlobals());
      const { newPlugin } = await import('../plugin/new-plugin.ts');
      const made = await newPlugin(name, flags.kind, flags.dir ?? (await readConfig()).plugins.dir);
      await output.result(made, () =>
        [
          `The plugin ${made.name} is in ${made.file}. Start the server with it:`,
          '',
          `  ${flags.dir === undefined ? '' : `ORDINAUT_PLUGINS_DIR=${flags.dir} `}ORDINAUT_ACTIVE_PLUGINS=${made.name} ordinaut serve`,
          '',
          'Then "ordinaut plugin list" shows what it does.',
        ].join('\n'),
      );
    });
}
