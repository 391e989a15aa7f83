#!/usr/bin/env node
// The installed package has a bundle and no sources. A checkout has both: it runs the bundle, which starts faster, as long as
// no source is newer, and otherwise the sources. On a Node that is too old it goes on with the one that npm installed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, isNewEnough, OLDEST } from './find-node.js';

const here = fileURLToPath(new URL('..', import.meta.url));
const bundle = join(here, 'dist/main.js');
const isCheckout = existsSync(join(here, 'src/main.ts'));
const sources = ['src', '../contract/src', '../kit/src', '../sdk/src', '../../extensions'].map((folder) =>
  join(here, folder),
);
const isFresh =
  existsSync(bundle) &&
  (!isCheckout || sources.every((folder) => !existsSync(folder) || !hasNewer(folder, statSync(bundle).mtimeMs)));

if (!isNewEnough) {
  const node = findNode();
  if (node === null) {
    process.stderr.write(
      `error: Ordinaut needs Node.js ${OLDEST} or newer; this is ${process.version}. Run "npm ci", which brings one.\n`,
    );
    process.exitCode = 1;
  } else {
    goOnWith(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  }
} else if (isFresh) {
  await import(new URL('../dist/main.js', import.meta.url).href);
} else {
  goOnWith(process.execPath, ['--conditions=ordinaut-source', join(here, 'src/main.ts'), ...process.argv.slice(2)]);
}

function hasNewer(folder, since) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs > since,
  );
}

/** In the same process where Node can do that, so that signals need nobody to pass them on. */
function goOnWith(node, args) {
  if (process.platform !== 'win32' && process.execve) process.execve(node, [node, ...args], process.env);
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm and npx are ended by signals that they do not pass on: then this process has a new parent.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined && process.platform !== 'win32') {
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 130);
  });
}
