// Plain JavaScript for any Node: it finds the one that `npm ci` brought, whatever the machine runs this file with.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const OLDEST = 24;

/** Whether this process can run the server itself. */
export const isNewEnough = Number(process.versions.node.split('.')[0]) >= OLDEST;

/** The Node among the installed packages, looked for in every `node_modules` above this file; null: there is none. */
export function findNode() {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let last = null; folder !== last; last = folder, folder = dirname(folder)) {
    const binary = nodeAmong(join(folder, 'node_modules'));
    if (binary !== null) return binary;
  }
  return null;
}

function nodeAmong(modules) {
  if (!existsSync(modules)) return null;
  for (const name of readdirSync(modules)) {
    if (!/^node-(bin-)?(linux|darwin|win)-(x64|arm64)$/.test(name)) continue;
    for (const file of ['bin/node', 'bin/node.exe']) {
      const binary = join(modules, name, file);
      if (existsSync(binary)) return binary;
    }
  }
  return null;
}
