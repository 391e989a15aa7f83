#!/usr/bin/env node
// The installed package has a bundle and no sources. A checkout has both: it runs the bundle, which starts faster, as long as
// no source is newer, and otherwise the sources, which takes one more flag of Node.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const bundle = join(here, 'dist/main.js');
const sources = [join(here, 'src'), join(here, '../contract/src')].filter((folder) => existsSync(folder));

if (existsSync(bundle) && sources.every((folder) => !hasNewer(folder, statSync(bundle).mtimeMs))) {
  await import(new URL('../dist/main.js', import.meta.url).href);
} else {
  runSources(join(here, 'src/main.ts'));
}

function hasNewer(folder, since) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > since,
  );
}

function runSources(main) {
  const args = ['--conditions=ordinaut-source', main, ...process.argv.slice(2)];
  if (process.platform === 'win32') {
    const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (error) throw error;
    process.exitCode = status ?? 1;
  } else {
    // The same process, so that signals need nobody to pass them on.
    process.execve(process.execPath, [process.execPath, ...args], process.env);
  }
}
