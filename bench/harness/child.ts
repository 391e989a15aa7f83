import { messageOf } from '../../packages/server/src/kernel/errors.ts';
import type { Answer, Part } from './part.ts';

/** Runs the part named by the arguments with the input of the first message, answers, and ends. */
const [, , source, name] = process.argv;

process.once('message', async ({ input }: { input: unknown }) => {
  let answer: Answer;
  try {
    answer = { ok: true, output: await (await load()).run(input) };
  } catch (error) {
    answer = { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
  }
  process.send?.(answer, undefined, {}, () => process.exit());
});
process.once('disconnect', () => process.exit(1));

async function load(): Promise<Part<unknown, unknown>> {
  const exported: Record<string, unknown> = await import(source!);
  const part = exported[name!];
  if (!isPart(part)) throw new Error(`${source} exports no part ${name}.`);
  return part;
}

const isPart = (value: unknown): value is Part<unknown, unknown> =>
  typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
