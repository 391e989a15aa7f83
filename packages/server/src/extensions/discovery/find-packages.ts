import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Capability, capabilities } from '@ordinaut/kit';
import { nearMatches } from '../../kernel/near.ts';
import { isInside } from '../manifest/manifest-problem.ts';
import { withAllowed } from '../manifest/resolve-manifest.ts';
import { broken, findAt, MANIFEST } from './find-in-folder.ts';
import type { FoundExtension } from './found-extension.ts';

/** What the operator allows each package. */
export type PackageGrants = Readonly<Record<string, readonly string[]>>;

const GRANTS = 'ORDINAUT_EXT_PACKAGE_GRANTS';

/**
 * The installed npm packages that are extensions: dependencies of the nearest `package.json` at or above a folder whose own
 * `package.json` has an `ordinaut` field, `true` or `{ "extension": "./path/extension.json" }`. Dependencies of dependencies are
 * not looked at: nobody has chosen them. A package is granted what its manifest asks for and `grants` allows; one that is not
 * named there is granted nothing.
 */
export async function findPackages(from: string, grants: PackageGrants): Promise<FoundExtension[]> {
  const root = await nearestPackage(from);
  const names = root === null ? [] : dependenciesOf(root.json);
  // Not by `grants[name]`: there is a package `constructor`.
  const allowed = new Map(Object.entries(grants));
  const found = await Promise.all(names.map((name) => findPackage(root!.directory, name, allowed.get(name) ?? [])));
  const missing = Object.keys(grants)
    .filter((name) => !names.includes(name))
    .map((name) =>
      broken(name, 'package', `${GRANTS} names ${name}, which is not a dependency of ${root?.file ?? from}.`),
    );
  return [...found.filter((one) => one !== null), ...missing];
}

async function findPackage(from: string, name: string, allowed: readonly string[]): Promise<FoundExtension | null> {
  const installed = await findInstalled(from, name);
  if (installed === null) return null;
  const { ordinaut } = installed.json as { ordinaut?: unknown };
  if (ordinaut === undefined || ordinaut === false || ordinaut === null) return null;
  const { directory, file } = installed;
  const manifestPath = ordinaut === true ? MANIFEST : (ordinaut as { extension?: unknown }).extension;
  if (
    typeof manifestPath !== 'string' ||
    basename(manifestPath) !== MANIFEST ||
    !isInside(directory, join(directory, manifestPath))
  ) {
    const problem = `${file}:1:1 - "ordinaut" is ${JSON.stringify(ordinaut)}; it must be true or {"extension": "./${MANIFEST}"}.`;
    return broken(directory, 'package', problem);
  }
  const folder = dirname(join(directory, manifestPath));
  const found = await findAt(folder, 'package');
  if (found === null)
    return broken(folder, 'package', `${file}:1:1 - "ordinaut" names ${join(folder, MANIFEST)}, which does not exist.`);
  if (found.manifest === null) return found;
  const unknown = allowed.find((capability) => !capabilities.includes(capability as Capability));
  if (unknown !== undefined) {
    const near = nearMatches(unknown, capabilities)[0];
    const problem = `${GRANTS} allows ${name} "${unknown}", which is not a capability${near === undefined ? '' : `; did you mean ${near}?`} There are ${capabilities.join(', ')}.`;
    return { ...found, manifest: null, problem };
  }
  return { ...found, manifest: withAllowed(found.manifest, allowed as readonly Capability[]) };
}

interface PackageFile {
  readonly directory: string;
  readonly file: string;
  readonly json: object;
}

async function nearestPackage(from: string): Promise<PackageFile | null> {
  for (const directory of upwards(from)) {
    const found = await readPackage(directory);
    if (found !== null) return found;
  }
  return null;
}

async function findInstalled(from: string, name: string): Promise<PackageFile | null> {
  for (const directory of upwards(from)) {
    const found = await readPackage(join(directory, 'node_modules', name));
    if (found !== null) return found;
  }
  return null;
}

async function readPackage(directory: string): Promise<PackageFile | null> {
  const file = join(directory, 'package.json');
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof json === 'object' && json !== null ? { directory, file, json } : null;
  } catch {
    return null;
  }
}

function dependenciesOf(json: object): string[] {
  const lists = json as Readonly<Record<string, unknown>>;
  const names = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((list) =>
    Object.keys((lists[list] as object | null | undefined) ?? {}),
  );
  return [...new Set(names)].sort();
}

function upwards(from: string): string[] {
  const parent = dirname(from);
  return parent === from ? [from] : [from, ...upwards(parent)];
}
