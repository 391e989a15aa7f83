import { realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Capability } from '@ordinaut/kit';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { isPlainSchema } from './is-plain-schema.ts';
import { isInside, type ManifestProblem } from './manifest-problem.ts';
import type { ResolvedManifest } from './resolved-manifest.ts';

/** Ids whose path belongs to the server, or whose name JavaScript has taken. */
export const reservedIds: ReadonlySet<string> = new Set(['status', '__proto__']);

/** What the schema cannot say about a manifest. */
export async function checkRules(file: string, manifest: ResolvedManifest): Promise<ManifestProblem[]> {
  return [
    ...checkId(manifest),
    ...checkCapabilities(manifest),
    ...(await checkTools(manifest)),
    ...checkTopics(manifest),
    ...(await checkSchema(['config'], manifest.config)),
    ...checkModule(file, manifest),
    ...checkStatic(file, manifest),
  ];
}

function checkId({ id }: ResolvedManifest): ManifestProblem[] {
  if (!reservedIds.has(id)) return [];
  return [{ path: ['id'], sentence: `id is "${id}", which the server keeps for itself; choose another.` }];
}

function checkCapabilities({ requested, contributes: { tools, events, static: folders } }: ResolvedManifest) {
  const needs: readonly (readonly [number, Capability, readonly string[]])[] = [
    [tools.length, 'TOOLS', ['contributes', 'tools']],
    [events.publish.length, 'EVENTS_PUB', ['contributes', 'events', 'publish']],
    [events.subscribe.length, 'EVENTS_SUB', ['contributes', 'events', 'subscribe']],
    [folders.length, 'STATIC', ['contributes', 'static']],
  ];
  return needs
    .filter(([count, capability]) => count > 0 && !requested.includes(capability))
    .map(([, capability, path]) => ({
      path,
      sentence: `${path.join('.')} needs ${capability}, which is not in grants; add "${capability}" to grants.`,
    }));
}

async function checkTools({ contributes: { tools } }: ResolvedManifest): Promise<ManifestProblem[]> {
  const first = new Map<string, number>();
  const problems: ManifestProblem[] = [];
  for (const [index, { name, inputSchema, outputSchema }] of tools.entries()) {
    const path = ['contributes', 'tools', index] as const;
    problems.push(...(await checkSchema([...path, 'inputSchema'], inputSchema)));
    problems.push(...(await checkSchema([...path, 'outputSchema'], outputSchema)));
    const earlier = first.get(name);
    first.set(name, earlier ?? index);
    if (earlier === undefined) continue;
    const sentence = `contributes.tools[${index}].name is "${name}", as that of contributes.tools[${earlier}]; choose another.`;
    problems.push({ path: [...path, 'name'], sentence });
  }
  return problems;
}

/** A schema that is plain needs no Ajv to be known as right, so that Ajv is loaded only for others. */
async function checkSchema(path: readonly (string | number)[], schema: object | null): Promise<ManifestProblem[]> {
  if (schema === null || isPlainSchema(schema)) return [];
  const { compileCheck } = await import('../../kernel/schema.ts');
  try {
    compileCheck(schema);
    return [];
  } catch (error) {
    const reason = (error as Error).message.replace(/^schema is invalid: /, '').replaceAll(/\bdata(?=[/ ])/g, '');
    return [{ path, sentence: `${fieldOf(path)} is not a valid JSON Schema (draft 2020-12): ${reason.trim()}.` }];
  }
}

function checkTopics({ contributes: { events } }: ResolvedManifest): ManifestProblem[] {
  return (['publish', 'subscribe'] as const).flatMap((list) =>
    events[list].flatMap((pattern, index) => {
      try {
        compileTopicGlob(pattern);
        return [];
      } catch (error) {
        const path = ['contributes', 'events', list, index];
        return [{ path, sentence: `${fieldOf(path)}: ${(error as Error).message}` }];
      }
    }),
  );
}

function checkModule(file: string, { module }: ResolvedManifest): ManifestProblem[] {
  const path = join(dirname(file), module);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return [];
  const sentence = `module is "${module}", but there is no file ${path}; write the name of the file with the extension's code.`;
  return [{ path: ['module'], sentence }];
}

function checkStatic(file: string, { contributes }: ResolvedManifest): ManifestProblem[] {
  const folders = contributes.static;
  if (folders.length === 0) return [];
  const root = realpathSync(dirname(file));
  return folders.flatMap(({ dir, at }, index): ManifestProblem[] => {
    const field = ['contributes', 'static', index] as const;
    const path = join(dirname(file), dir);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
      const sentence = `${fieldOf(field)}.dir is "${dir}", but there is no folder ${path}; make it, or take this entry out.`;
      return [{ path: [...field, 'dir'], sentence }];
    }
    const real = realpathSync(path);
    if (!isInside(root, real)) {
      const sentence = `${fieldOf(field)}.dir is "${dir}", which leads out of the folder of the extension, to ${real}; only what lies inside is served.`;
      return [{ path: [...field, 'dir'], sentence }];
    }
    const earlier = folders.findIndex((other) => other.at === at);
    if (earlier === index) return [];
    const sentence = `${fieldOf(field)}.at is "${at}", as that of contributes.static[${earlier}]; choose another.`;
    return [{ path: [...field, 'at'], sentence }];
  });
}

const fieldOf = (path: readonly (string | number)[]): string =>
  path.reduce<string>(
    (field, part) => (typeof part === 'number' ? `${field}[${part}]` : field ? `${field}.${part}` : part),
    '',
  );
