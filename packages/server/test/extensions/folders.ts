import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that is gone after the test. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** Writes files by their path below the folder; what is not a text is written as JSON. */
  write(files: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function makeFolder(files: Readonly<Record<string, unknown>> = {}): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'ordinaut-ext-')));
  const write: Folder['write'] = async (contents) => {
    for (const [name, content] of Object.entries(contents)) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    }
  };
  await write(files);
  return { path, write, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const manifest = (id: string, more: object = {}) => ({ id, version: '1.0.0', apiVersion: 1, ...more });

/** The files of the smallest extension, below a folder. */
export const extension = (id: string, more: object = {}, folder = `${id}/`) => ({
  [`${folder}extension.json`]: manifest(id, more),
  [`${folder}extension.ts`]: 'export default { setup() {} };',
});
