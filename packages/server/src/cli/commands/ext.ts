import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { DevFlags } from '../ext/dev-settings.ts';
import { createOutput, paintStatus, table, text } from '../output.ts';
import { addExtConfig } from './ext-config.ts';

export function addExt(program: Command): void {
  const ext = program.command('ext').description('list and manage extensions, and write your own');
  addList(ext);
  addAction(ext, 'reload', 'load an extension again from its files; the old one serves until the new one does');
  addAction(ext, 'enable', 'let an extension run; holds across restarts');
  addAction(ext, 'disable', 'stop an extension; holds across restarts');
  addAction(ext, 'reset', 'let an extension that is quarantined run again');
  addExtConfig(ext);
  addNew(ext);
  addValidate(ext);
  addTest(ext);
  addDev(ext);
}

function addList(ext: Command): void {
  ext
    .command('list')
    .description('list the extensions of the server')
    .action(
      withServer(async ({ client, output }) => {
        const status = await client.extensions.status({ effects: 1 });
        await output.result(status, () => {
          const extensions = Object.entries(status.extensions ?? {});
          const rows = extensions.map(([id, one]) => {
            const { state, info, capabilities, metrics, error } = one;
            const { requests_total: requests, errors_total: errors } = metrics ?? {};
            return [
              id,
              paintStatus(state, output.color),
              text(info?.version),
              Array.isArray(capabilities) && capabilities.length > 0 ? capabilities.join(', ') : '–',
              text(requests),
              text(errors),
              error === undefined ? '' : text(error),
            ];
          });
          return table(['ID', 'STATE', 'VERSION', 'CAPABILITIES', 'REQUESTS', 'ERRORS', 'ERROR'], rows, output.color);
        });
      }),
    );
}

function addAction(ext: Command, verb: 'reload' | 'enable' | 'disable' | 'reset', description: string): void {
  ext
    .command(`${verb} <id>`)
    .description(description)
    .action(
      withServer(async ({ client, output }, id: string) => {
        const result = await client.extensions[verb](id);
        await output.result(result, () => text(result.message));
      }),
    );
}

function addNew(ext: Command): void {
  ext
    .command('new <name>')
    .description('write a new extension in TypeScript, with a test')
    .option('--dir <folder>', 'where (default: a folder of its name here)')
    .action(async (name: string, flags: { dir?: string }, command: Command) => {
      const output = createOutput(command.optsWithGlobals());
      const { newExtension } = await import('../ext/new-extension.ts');
      const made = await newExtension(name, flags.dir);
      await output.result(made, () =>
        [
          `The extension ${made.id} is in ${made.directory}. Next:`,
          '',
          `  cd ${made.directory}`,
          '  npm install',
          '  npm test',
          '  npm run dev',
        ].join('\n'),
      );
    });
}

function addValidate(ext: Command): void {
  ext
    .command('validate <path>')
    .description('check the extensions at a path without a server; ends with 1 where something is wrong')
    .addHelpText(
      'after',
      `
A path is the folder of an extension, a folder of several, or a module file.
The module is run, its setup is not.

Example:
  $ ordinaut ext validate .`,
    )
    .action(async (path: string, _flags: unknown, command: Command) => {
      const output = createOutput(command.optsWithGlobals());
      const { validateExtensions } = await import('../ext/validate-extension.ts');
      const extensions = await validateExtensions(path);
      const isValid = extensions.every(({ problems }) => problems.length === 0);
      await output.result({ valid: isValid, extensions }, () =>
        extensions
          .flatMap(({ id, directory, problems, warnings }) => [
            problems.length === 0
              ? `${output.color.green('ok')}  ${id}  ${output.color.dim(directory)}`
              : `${output.color.red('fail')}  ${id}  ${output.color.dim(directory)}`,
            ...problems.map((problem) => `  ${problem}`),
            ...warnings.map((warning) => `  ${output.color.yellow('warning:')} ${warning}`),
          ])
          .join('\n'),
      );
      if (!isValid) process.exitCode = exitCodes.failed;
    });
}

function addTest(ext: Command): void {
  ext
    .command('test [flags...]')
    .description('run the tests of the extension in this folder; flags and files are those of "node --test"')
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
They run on the Node of this program, which knows TypeScript.

Examples:
  $ ordinaut ext test
  $ ordinaut ext test --test-name-pattern hello`,
    )
    .action(async (flags: string[]) => {
      const { runTests } = await import('../ext/run-tests.ts');
      process.exitCode = await runTests(flags);
    });
}

function addDev(ext: Command): void {
  ext
    .command('dev <path>')
    .description('run a server with the extensions at a path, and reload them when their files change')
    .option('--port <port>', 'port to listen on (default: $ORDINAUT_PORT, or 8080)')
    .option(
      '--data-dir <folder>',
      'where the server keeps its data (default: node_modules/.cache/ordinaut beside them)',
    )
    .option('--log-level <level>', 'least level that is logged (default: $ORDINAUT_LOG_LEVEL, or info)')
    .action(async (path: string, flags: DevFlags) => {
      const { devSettings } = await import('../ext/dev-settings.ts');
      const { readConfig } = await import('../server-settings.ts');
      const { serveUntilStopped } = await import('./serve.ts');
      await serveUntilStopped(await readConfig(devSettings(path, flags, process.env)));
    });
}
