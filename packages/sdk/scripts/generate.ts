/**
 * Writes `src/generated` from the table of operations: the table itself without schemas, the types of what goes in and out, and the
 * interfaces of the resources with their docstrings. They are committed, so that a change of them shows in review.
 *
 *     node --conditions=ordinaut-source packages/sdk/scripts/generate.ts [--check]
 *
 * With `--check` nothing is written, and it ends with 1 where a file is not what it would be.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as contract from '@ordinaut/contract';
import { modelsFile } from './generate/models-file.ts';
import { describeOperations } from './generate/operation-shape.ts';
import { operationsFile } from './generate/operations-file.ts';
import { resourcesFile } from './generate/resources-file.ts';
import { TypeNames } from './generate/type-names.ts';

const directory = new URL('../src/generated/', import.meta.url);
const header = '// Generated from packages/contract by packages/sdk/scripts/generate.ts. Do not edit.\n\n';

const names = new TypeNames(contract);
const shapes = describeOperations(contract.operations);
const files: Record<string, string> = {
  'operations.ts': operationsFile(shapes),
  'resources.ts': resourcesFile(shapes, names),
  // Last: it holds the types that the others have asked for.
  'models.ts': modelsFile(names),
};

const isCheck = process.argv.includes('--check');
await mkdir(directory, { recursive: true });
for (const [name, body] of Object.entries(files)) {
  const file = new URL(name, directory);
  const content = header + body;
  if ((await readFile(file, 'utf8').catch(() => '')) === content) continue;
  if (isCheck) {
    console.error(`${fileURLToPath(file)} is not up to date; run packages/sdk/scripts/generate.ts`);
    process.exitCode = 1;
  } else {
    await writeFile(file, content);
    console.log(fileURLToPath(file));
  }
}
