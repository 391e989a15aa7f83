// Called by `npm ci` with whatever Node the machine has; does its work with the Node that was just installed.
import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, isNewEnough } from '../bin/find-node.js';

const node = findNode() ?? (isNewEnough ? process.execPath : null);
if (node === null) {
  process.stderr.write(
    'No Node.js came with npm ci (--omit=optional?); Ordinaut needs version 24 or newer on the PATH.\n',
  );
} else {
  linkNode(node);
  const bundle = fileURLToPath(new URL('./bundle.ts', import.meta.url));
  const { status } = spawnSync(node, [bundle], { stdio: 'inherit' });
  // The bundle only makes the start faster: without it the sources run.
  if (status !== 0)
    process.stderr.write('The bundle could not be made: ordinaut runs from its sources, and starts slower.\n');
}

/** npm 10 leaves the link out that npm scripts find Node by. */
function linkNode(binary) {
  const folder = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));
  const link = join(folder, 'node');
  if (process.platform === 'win32' || !existsSync(folder) || existsSync(link) || dirname(binary) === folder) return;
  try {
    symlinkSync(relative(folder, binary), link);
  } catch (error) {
    process.stderr.write(`${link} could not be made: ${error.message}\n`);
  }
}
