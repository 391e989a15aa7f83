import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../../kernel/version.ts';

/**
 * What a new extension asks for to be tested: the packages of this version, and in a checkout of the source, whose packages are
 * not on npm, their folders.
 *
 * @param directory absolute path of the folder of the extension.
 */
export async function kitPackages(directory: string): Promise<Record<string, string>> {
  const checkout = checkoutDirectory();
  const own = (name: string): string =>
    checkout === null
      ? `^${version}`
      : `file:${relative(directory, join(checkout, 'packages', name))
          .split(sep)
          .join('/')}`;
  const tools = checkout === null ? null : await devDependenciesOf(checkout);
  return {
    '@ordinaut/kit': own('kit'),
    '@types/node': tools?.['@types/node'] ?? '>=24',
    ordinaut: own('server'),
    typescript: tools?.typescript ?? '>=5.9',
  };
}

/** Root of the checkout that this program runs from; null: it is an installed package. */
function checkoutDirectory(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url));
  if (folder.includes(`${sep}node_modules${sep}`)) return null;
  for (let last = ''; folder !== last; last = folder, folder = dirname(folder)) {
    if (existsSync(join(folder, 'packages/kit/package.json'))) return folder;
  }
  return null;
}

async function devDependenciesOf(checkout: string): Promise<Readonly<Record<string, string>>> {
  const file = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    devDependencies?: Record<string, string>;
  };
  return file.devDependencies ?? {};
}
