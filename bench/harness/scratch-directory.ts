import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { undoing } from './undo.ts';

/**
 * Where data of benchmarks is kept meanwhile: `BENCH_DATA_DIR`, otherwise beside the code, because a temporary directory is
 * often in memory, where `fsync` costs nothing.
 */
export const scratchRoot = process.env.BENCH_DATA_DIR ?? fileURLToPath(new URL('../data', import.meta.url));

/** Gives `work` an empty directory and deletes it afterwards. */
export async function withDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  mkdirSync(scratchRoot, { recursive: true });
  const directory = await mkdtemp(join(scratchRoot, 'bench-'));
  return undoing(
    () => work(directory),
    () => rm(directory, { recursive: true, force: true }),
  );
}
