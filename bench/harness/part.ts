import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { undoing } from './undo.ts';

/**
 * A part of a benchmark that runs in a process of its own, so that no side inherits the heap, the compiled code or the
 * connections of another. It is exported under `name` by the module `source`; what goes in and out is JSON.
 */
export interface Part<Input, Output> {
  readonly source: string;
  readonly name: string;
  run(input: Input): Promise<Output>;
}

/** What the child answers. */
export type Answer = { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly error: string };

/** Runs a part in a fresh process. Its log goes to standard error. @throws Error with what the part failed of. */
export function inChild<Input, Output>(part: Part<Input, Output>, input: Input): Promise<Output> {
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [part.source, part.name], {
    execArgv: ['--conditions=ordinaut-source'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const answered = new Promise<Output>((resolve, reject) => {
    child.once('message', (answer: Answer) => {
      // The child runs `part.run` itself, so its output has that type, as far as JSON keeps it.
      if (answer.ok) resolve(answer.output as Output);
      else reject(new Error(`${part.name} failed: ${answer.error}`));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`${part.name} ended without an answer (${signal ?? `exit code ${code}`}).`)),
    );
    child.send({ input });
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return undoing(
    () => answered,
    async () => {
      child.kill('SIGKILL');
      await exited;
    },
  );
}
