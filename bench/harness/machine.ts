import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { scratchRoot } from './scratch-directory.ts';
import { median } from './statistics.ts';

/** Magic numbers of statfs(2). */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

/** What the figures were measured on. */
export function machineFacts() {
  mkdirSync(scratchRoot, { recursive: true });
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Number((totalmem() / 2 ** 30).toFixed(1)),
    system: `${platform()} ${release()} ${arch()}`,
    file_system: fileSystems[statfsSync(scratchRoot).type] ?? 'unknown',
    fsync_ms: fsyncMs(),
    /** Above about half the cores something else was running, and the figures are not worth keeping. */
    load_before: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** How long the disk takes to keep 4 KiB: near 0 means that nothing here is durable. */
function fsyncMs(): number {
  const file = join(scratchRoot, `fsync-${process.pid}`);
  const descriptor = openSync(file, 'w');
  try {
    const block = Buffer.alloc(4096, 1);
    const times = Array.from({ length: 50 }, (_, index) => {
      const startedAt = performance.now();
      writeSync(descriptor, block, 0, block.length, index * block.length);
      fsyncSync(descriptor);
      return performance.now() - startedAt;
    });
    return Number(median(times).toFixed(3));
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}
