import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { collect, numberOrText } from '../input.ts';
import { isRecord } from '../is-record.ts';
import { fields, table, text } from '../output.ts';
import { unchecked } from '../unchecked.ts';

export function addTool(program: Command): void {
  const tool = program.command('tool').description('list, show and call tools');
  tool
    .command('list')
    .description('list the tools that steps can use')
    .action(
      withServer(async ({ client, output }) => {
        const found = await client.tools.list();
        await output.result(found, () => {
          const { items } = found;
          const rows = items.map((item) => [
            text(item.name),
            text(item.source),
            text(item.description).split('\n')[0] ?? '',
          ]);
          return table(['NAME', 'SOURCE', 'WHAT IT DOES'], rows, output.color);
        });
      }),
    );
  tool
    .command('show <name>')
    .description('show a tool with its schemas')
    .action(
      withServer(async ({ client, output }, name: string) => {
        const found = await client.tools.get(name);
        await output.result(found, () => {
          const { input_schema: input, output_schema: answer, ...rest } = found;
          return `${fields(rest, output.color)}\n\n${output.color.bold('Input')}\n${JSON.stringify(input, null, 2)}${
            answer ? `\n\n${output.color.bold('Output')}\n${JSON.stringify(answer, null, 2)}` : ''
          }`;
        });
      }),
    );
  addCall(tool);
}

function addCall(tool: Command): void {
  tool
    .command('call <name>')
    .description('call a tool; ends with 1 where the tool failed')
    .option('--input <json>', 'input as JSON')
    .option('--file <file>', 'input from a JSON file; - reads standard input')
    .option('--param <name=value>', 'a field of the input; may be given several times', collect)
    .option('--timeout <seconds>', 'longest it may take, up to 300 (default: 30)')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut tool call core.echo --param text=Hello
  $ ordinaut tool call http.request --input '{"url": "https://example.org"}'`,
    )
    .action(
      withServer(async ({ client, output }, name: string, flags: CallFlags) => {
        const { parseJson, parsePairs, readJson } = await import('../input.ts');
        const base =
          flags.file !== undefined
            ? await readJson(flags.file)
            : flags.input === undefined
              ? {}
              : parseJson(flags.input, '--input');
        const input = flags.param && isRecord(base) ? { ...base, ...parsePairs(flags.param, '--param') } : base;
        const body = { input, timeout_seconds: numberOrText(flags.timeout) };
        const called = await client.tools.call(name, unchecked(body));
        const { success, output: value, error } = called;
        await output.result(called, () =>
          error ? `${output.color.red(text(error.code))}: ${text(error.message)}` : JSON.stringify(value, null, 2),
        );
        if (success !== true) process.exitCode = exitCodes.failed;
      }),
    );
}

interface CallFlags {
  readonly input?: string;
  readonly file?: string;
  readonly param?: string[];
  readonly timeout?: string;
}
