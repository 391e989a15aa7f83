import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as kit from '@ordinaut/kit';
import { type Compiled, CompileError, createCompiler } from '../../code/compile.ts';
import { loadModule } from '../../code/load-module.ts';
import { definitionOf } from '../../extensions/definition-of.ts';
import { discover, type FoundExtension } from '../../extensions/discovery/discovery.ts';
import type { ResolvedManifest } from '../../extensions/manifest/resolved-manifest.ts';
import { messageOf } from '../../kernel/errors.ts';
import { nearMatches } from '../../kernel/near.ts';
import { compileCheck } from '../../kernel/schema.ts';

export interface Validation {
  readonly id: string;
  readonly directory: string;
  /** What has to change, each with its place. */
  readonly problems: readonly string[];
  /** What may be meant otherwise. */
  readonly warnings: readonly string[];
}

/**
 * Checks the extensions at a path as far as that is possible without a server: manifest, schemas, the code compiles, and the
 * module, which is run, exports a definition. `setup` is not called.
 */
export async function validateExtensions(path: string): Promise<Validation[]> {
  const { found } = await discover({ builtinDir: null, paths: [resolve(path)], packagesFrom: null, packageGrants: {} });
  const warnings: string[] = [];
  const compiler = createCompiler({ cacheDir: null, logger: { warn: (text: string) => void warnings.push(text) } });
  try {
    const checked: Validation[] = [];
    for (const one of found) {
      warnings.length = 0;
      const problems = await problemsOf(one, compiler.compile);
      checked.push({
        id: one.id,
        directory: one.directory,
        problems,
        warnings: [...(await unknownFields(one.manifestFile)), ...warnings],
      });
    }
    return checked;
  } finally {
    await compiler.stop();
  }
}

async function problemsOf(
  { manifest, problem, directory, manifestFile }: FoundExtension,
  compile: (extension: { directory: string; module: string }) => Promise<Compiled>,
): Promise<string[]> {
  if (manifest === null) return (problem ?? '').split('\n');
  const problems = schemasOf(manifest).flatMap(([name, schema]) => {
    try {
      compileCheck(schema);
      return [];
    } catch (error) {
      return [`${manifestFile}:1:1 - ${name} is not a valid JSON Schema (draft 2020-12): ${messageOf(error)}.`];
    }
  });
  try {
    const compiled = await compile({ directory, module: manifest.module });
    const { grants = [] } = definitionOf(loadModule(compiled, { kit }), compiled, directory);
    const missing = grants.filter((capability) => !manifest.requested.includes(capability));
    return [
      ...problems,
      ...missing.map(
        (capability) =>
          `${manifestFile}:1:1 - the code uses ${capability}, which is not in grants; add "${capability}" to grants.`,
      ),
    ];
  } catch (error) {
    return [
      ...problems,
      ...(error instanceof CompileError ? error.problems : [placed(error, directory, manifest.module)]),
    ];
  }
}

const schemasOf = ({ config, contributes }: ResolvedManifest): (readonly [string, object])[] => {
  const schemas: (readonly [string, object | null])[] = [
    ['config', config],
    ...contributes.tools.map(({ name, inputSchema }) => [`the inputSchema of ${name}`, inputSchema] as const),
    ...contributes.tools.map(({ name, outputSchema }) => [`the outputSchema of ${name}`, outputSchema] as const),
  ];
  return schemas.filter((one): one is readonly [string, object] => one[1] !== null);
};

/** An error that the module threw, at the line of the author where it says one. */
function placed(error: unknown, directory: string, module: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = stack
    .split('\n')
    .map((line) => /\(?((?:\/|[A-Z]:\\)[^()]+:\d+:\d+)\)?$/.exec(line)?.[1])
    .find((one) => one?.startsWith(directory));
  return `${place ?? `${resolve(directory, module)}:1:1`} - ${messageOf(error)}`;
}

/** Fields that nobody reads and that are much like one that is read. */
async function unknownFields(manifestFile: string): Promise<string[]> {
  const { parse } = await import('jsonc-parser');
  const written: unknown = parse(await readFile(manifestFile, 'utf8').catch(() => ''));
  if (typeof written !== 'object' || written === null) return [];
  const known = Object.keys(kit.Manifest.properties);
  return Object.keys(written).flatMap((name) => {
    const near = known.includes(name) ? undefined : nearMatches(name, known)[0];
    return near === undefined
      ? []
      : [`${manifestFile}:1:1 - ${name} is not a field of a manifest; did you mean ${near}?`];
  });
}
