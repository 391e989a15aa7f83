import type { BuildOptions, BuildResult } from 'esbuild';

/**
 * esbuild runs as a child process that lives on after a build. It is started by the first build and ended when there was none
 * for a while, so that a server which only loads what it has compiled before never has it. It is one for the whole process.
 */
const IDLE_MS = 5_000;

let building = 0;
let idle: NodeJS.Timeout | undefined;

/** A build whose result comes back instead of being written. */
export type Order = BuildOptions & { write: false; metafile: true };

/** Builds with esbuild, which is loaded here for the first time. */
export async function build(order: Order): Promise<BuildResult<{ write: false; metafile: true }>> {
  clearTimeout(idle);
  building++;
  try {
    const esbuild = await import('esbuild');
    return await esbuild.build(order);
  } finally {
    if (--building === 0) idle = setTimeout(() => void stopEsbuild(), IDLE_MS).unref();
  }
}

/** Ends the child process, unless somebody builds: then it ends after that. */
export async function stopEsbuild(): Promise<void> {
  if (building > 0 || idle === undefined) return;
  clearTimeout(idle);
  idle = undefined;
  const esbuild = await import('esbuild');
  await esbuild.stop();
}
