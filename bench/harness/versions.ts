import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const peers = [
  ...['bullmq', 'ioredis', 'graphile-worker', 'pg-boss', 'pg'],
  ...['openai', '@aws-sdk/client-scheduler', 'ky', 'undici'],
];

/** Versions of the runtime and of the peers. */
export function versions(): Record<string, string> {
  const { node, v8, sqlite } = process.versions;
  return {
    node,
    v8,
    ...(sqlite !== undefined && { sqlite }),
    ...Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
  };
}

/** The commit that was measured, and whether the files differ from it. */
export function commit(): { id: string; changed: boolean } {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return {
      id: git('rev-parse', 'HEAD'),
      changed: git('status', '--porcelain', '--', '.', ':(exclude)bench/results') !== '',
    };
  } catch {
    return { id: 'unknown', changed: true };
  }
}

function versionOf(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  if (file === undefined) return 'not installed';
  const { version }: { version?: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version ?? 'unknown';
}
