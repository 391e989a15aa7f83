import type { Command } from 'commander';
import { isRecord } from '../api-client.ts';
import { contextOf } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { collect } from '../input.ts';
import { fields, table, text } from '../output.ts';

const toolPath = (name: string): string => `/tools/${encodeURIComponent(name)}`;

export function addTool(program: Command): void {
  const tool = program.command('tool').description('list, show and call tools');
  tool
    .command('list')
    .description('list the tools that steps can use')
    .action(async (_flags: unknown, command: Command) => {
      const { client, output } = contextOf(command);
      const found = await client.request('GET', '/tools');
      await output.result(found, () => {
        const items = isRecord(found) && Array.isArray(found.items) ? found.items.filter(isRecord) : [];
        const rows = items.map((item) => [
          text(item.name),
          text(item.source),
          text(item.description).split('\n')[0] ?? '',
        ]);
        return table(['NAME', 'SOURCE', 'WHAT IT DOES'], rows, output.color);
      });
    });
  tool
    .command('show <name>')
    .description('show a tool with its schemas')
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { client, output } = contextOf(command);
      const found = await client.request('GET', toolPath(name));
      await output.result(found, () => {
        const { input_schema: input, output_schema: answer, ...rest } = isRecord(found) ? found : {};
        return `${fields(rest, output.color)}\n\n${output.color.bold('Input')}\n${JSON.stringify(input, null, 2)}${
          answer ? `\n\n${output.color.bold('Output')}\n${JSON.stringify(answer, null, 2)}` : ''
        }`;
      });
    });
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
    .action(async (name: string, flags: CallFlags, command: Command) => {
      const { client, output } = contextOf(command);
      const { parseJson, parsePairs, readJson } = await import('../input.ts');
      const base =
        flags.file !== undefined
          ? await readJson(flags.file)
          : flags.input === undefined
            ? {}
            : parseJson(flags.input, '--input');
      const input = flags.param && isRecord(base) ? { ...base, ...parsePairs(flags.param, '--param') } : base;
      const body = { input, ...(flags.timeout === undefined ? {} : { timeout_seconds: Number(flags.timeout) }) };
      const called = await client.request('POST', `${toolPath(name)}/call`, { body });
      const { success, output: value, error } = isRecord(called) ? called : {};
      await output.result(called, () =>
        isRecord(error)
          ? `${output.color.red(text(error.code))}: ${text(error.message)}`
          : JSON.stringify(value, null, 2),
      );
      if (success !== true) process.exitCode = exitCodes.failed;
    });
}

interface CallFlags {
  readonly input?: string;
  readonly file?: string;
  readonly param?: string[];
  readonly timeout?: string;
}
