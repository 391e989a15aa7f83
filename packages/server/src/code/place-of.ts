import { sep } from 'node:path';

/** The first place in a stack that is the author's own, below the folder of the extension: `extension.ts:12:7`; or null. */
export function placeOf(stack: string, directory: string): string | null {
  const own = new RegExp(`^\\s+at .*?${RegExp.escape(directory + sep)}(?!node_modules)(\\S+:\\d+:\\d+)\\)?$`, 'm');
  return own.exec(stack)?.[1] ?? null;
}
