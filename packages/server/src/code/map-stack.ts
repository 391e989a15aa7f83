import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import type { Compiled } from './compile.ts';

type Mapped = Pick<Compiled, 'file' | 'map'>;

const maps = new WeakMap<Mapped, SourceMap | null>();

/**
 * A stack with the author's files and lines in place of those of the compiled script. It is done to the stacks that are shown,
 * because Node's own source map support is for the whole process, costs every error, and keeps the maps of every reload.
 */
export function mapStack(stack: string, compiled: Mapped): string {
  if (!stack.includes(compiled.file)) return stack;
  const map = mapOf(compiled);
  if (map === null) return stack;
  const directory = dirname(compiled.file);
  const pattern = new RegExp(`${RegExp.escape(compiled.file)}:(\\d+):(\\d+)`, 'g');
  return stack.replaceAll(pattern, (found, line: string, column: string) => {
    const origin = map.findOrigin(Number(line), Number(column));
    if (!('fileName' in origin)) return found;
    return `${resolve(directory, origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function mapOf(compiled: Mapped): SourceMap | null {
  let map = maps.get(compiled);
  if (map === undefined) {
    map = parse(compiled.map());
    maps.set(compiled, map);
  }
  return map;
}

function parse(text: string | null): SourceMap | null {
  try {
    return text === null ? null : new SourceMap(JSON.parse(text));
  } catch {
    return null;
  }
}
