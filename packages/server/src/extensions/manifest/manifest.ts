import { readFile } from 'node:fs/promises';
import { Manifest } from '@ordinaut/kit';
import { describeProblems } from './manifest-problem.ts';
import { checkRules } from './manifest-rules.ts';
import { parseManifest } from './parse-manifest.ts';
import { resolveManifest } from './resolve-manifest.ts';
import type { ResolvedManifest } from './resolved-manifest.ts';
import { surelyFits } from './surely-fits.ts';

export type ManifestRead =
  | { readonly ok: true; readonly manifest: ResolvedManifest }
  | {
      readonly ok: false;
      /** As the manifest says, where it can be read so far. */
      readonly id: string | null;
      /** Every problem on a line of its own: `<file>:<line>:<column> - <sentence>`. */
      readonly problem: string;
    };

export interface ManifestOptions {
  /** Module where the manifest names none. Default: `extension.ts`. */
  readonly module?: string;
}

/**
 * Reads and checks a manifest: JSON with comments, the schema of the kit, and what a schema cannot say. Only a manifest with a
 * problem costs Ajv and the parser that knows lines and columns.
 *
 * @param file absolute path of `extension.json`.
 */
export async function readManifest(file: string, options: ManifestOptions = {}): Promise<ManifestRead> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { ok: false, id: null, problem: `${file}:1:1 - it cannot be read: ${(error as Error).message}` };
  }
  return checkManifest(file, text, options);
}

/** The same for a text that is read already. */
export async function checkManifest(
  file: string,
  source: string,
  options: ManifestOptions = {},
): Promise<ManifestRead> {
  const text = source.replace(/^\uFEFF/, '');
  const { value, problems: syntax } = await parseManifest(text);
  const no = async (problems: Parameters<typeof describeProblems>[2]): Promise<ManifestRead> => ({
    ok: false,
    id: idOf(value),
    problem: await describeProblems(file, text, problems),
  });
  if (syntax.length > 0) return no(syntax);
  if (!surelyFits(Manifest, value)) {
    const { explainManifest } = await import('./explain-manifest.ts');
    const problems = explainManifest(value);
    if (problems.length > 0) return no(problems);
  }
  // One of the two checks has passed.
  const manifest = resolveManifest(value as Manifest, options.module);
  const problems = await checkRules(file, manifest);
  return problems.length > 0 ? no(problems) : { ok: true, manifest };
}

function idOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string') return null;
  return /^[a-zA-Z0-9_-]{1,64}$/.test(value.id) ? value.id : null;
}
