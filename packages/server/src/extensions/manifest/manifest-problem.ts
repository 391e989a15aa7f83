import { isAbsolute, relative } from 'node:path';

/** Something in a manifest that has to change. */
export interface ManifestProblem {
  /** Where: names and indexes from the root; empty for the file as a whole. */
  readonly path: readonly (string | number)[];
  /** What is wrong, with the value and the way out. */
  readonly sentence: string;
}

/** The text of a manifest is no JSON. */
export interface SyntaxProblem {
  readonly offset: number;
  readonly sentence: string;
}

/**
 * Problems as one line each, in the order of the file: `/srv/weather/extension.json:3:14 - version is 3; it must be a string`.
 * The parser that knows places is loaded here, because most manifests have no problem.
 */
export async function describeProblems(
  file: string,
  text: string,
  problems: readonly (ManifestProblem | SyntaxProblem)[],
): Promise<string> {
  const { findNodeAtLocation, parseTree } = await import('jsonc-parser');
  const root = parseTree(text, [], { allowTrailingComma: true });
  const offsetOf = (path: readonly (string | number)[]): number => {
    for (let length = path.length; root !== undefined && length > 0; length--) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (node !== undefined) return node.offset;
    }
    return root?.offset ?? 0;
  };
  return problems
    .map((problem) => ({
      offset: 'offset' in problem ? problem.offset : offsetOf(problem.path),
      sentence: problem.sentence,
    }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, sentence }) => `${file}:${placeOf(text, offset)} - ${sentence}`)
    .join('\n');
}

/** `line:column`, both from 1. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return `${before.split('\n').length}:${offset - lastBreak}`;
}

/** `contributes.tools[0].name` as names and indexes. */
export const pathOf = (field: string): (string | number)[] =>
  [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) => (index === undefined ? part : Number(index)));

/** Whether a real path is the folder or lies in it. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (!isAbsolute(way) && way.split(/[/\\]/)[0] !== '..');
}
