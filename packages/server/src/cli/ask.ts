import { CliError, exitCodes, usageError } from './exit-codes.ts';

/** Questions are written to standard error: standard output has the result. */
const canAsk = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** @throws CliError naming the way out, where there is no terminal. */
export function assertTerminal(wayOut: string): void {
  if (!canAsk()) throw usageError(`There is no terminal to ask on. ${wayOut}`);
}

/** Asks for a line that may be seen. */
export async function askText(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = Promise.withResolvers<never>();
  // Ctrl+C and Ctrl+D close it, and the question would wait on.
  lines.once('close', () => closed.reject(canceled()));
  try {
    return (await Promise.race([lines.question(`${question} `), closed.promise])).trim();
  } catch {
    process.stderr.write('\n');
    throw canceled();
  } finally {
    lines.close();
  }
}

/** Asks for a line that nobody sees. */
export async function askSecret(question: string): Promise<string> {
  const { default: ask } = await import('@inquirer/password');
  // The question stands where the prompt has a mark, a blank before the rest.
  const theme = { prefix: question, style: { maskedText: '' } };
  try {
    return await ask({ message: '', toggleMask: false, theme }, { output: process.stderr });
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw canceled();
    throw error;
  }
}

/** Asks for a new password, twice. */
export async function askNewPassword(): Promise<string> {
  const password = await askSecret('New password:');
  if ((await askSecret('The same again:')) === password) return password;
  throw usageError('The two are not the same; nothing was changed.');
}

/** @throws CliError unless a person agrees, or has agreed with `--yes`. */
export async function confirm(question: string, { yes }: { yes?: boolean }): Promise<void> {
  if (yes) return;
  assertTerminal('Give --yes to do it without being asked.');
  if (/^y(es)?$/i.test(await askText(`${question} [y/N]`))) return;
  throw canceled();
}

const canceled = (): CliError => new CliError(exitCodes.failed, 'Canceled; nothing was changed.');
