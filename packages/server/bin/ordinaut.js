#!/usr/bin/env node
// The installed package has a built program. A checkout has none and runs the sources, which takes one more flag of Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const args = ['--conditions=ordinaut-source', source, ...process.argv.slice(2)];
  if (process.platform === 'win32') {
    const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (error) throw error;
    process.exitCode = status ?? 1;
  } else {
    // The same process, so that signals need nobody to pass them on.
    process.execve(process.execPath, [process.execPath, ...args], process.env);
  }
}
