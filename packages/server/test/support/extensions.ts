import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExtensionStatus, ExtensionsStatus } from '@ordinaut/contract';
import type { TestApi } from './server.ts';

/** A folder for the extensions of one test. */
export interface ExtensionFolder {
  readonly path: string;
  /** Writes an extension, or other files of one that is there; gives its folder. */
  write(id: string, extension: { manifest?: Record<string, unknown> | string; code?: string; files?: Files }): string;
  delete(id: string): void;
  remove(): void;
}
type Files = Readonly<Record<string, string>>;

export function extensionFolder(): ExtensionFolder {
  const path = mkdtempSync(join(tmpdir(), 'ordinaut-extensions-'));
  return {
    path,
    write(id, { manifest, code, files = {} }) {
      const folder = join(path, id);
      const all: Record<string, string> = { ...files };
      if (typeof manifest === 'string') all['extension.json'] = manifest;
      else if (manifest !== undefined)
        all['extension.json'] = JSON.stringify({ id, version: '1.0.0', apiVersion: 1, ...manifest });
      if (code !== undefined) all['extension.ts'] = code;
      for (const [name, text] of Object.entries(all)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      return folder;
    },
    delete: (id) => rmSync(join(path, id), { recursive: true }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** The code of an extension, around the body of its setup. */
export const setup = (body: string): string =>
  `import { defineExtension, Fatal, NotReady, RequestError } from '@ordinaut/kit';
export default defineExtension({ async setup(ctx) { ${body} } });
void [Fatal, NotReady, RequestError];`;

/** An extension with one route that answers its name and a version. */
export const hello = (answer = 'hello'): { manifest: Record<string, unknown>; code: string } => ({
  manifest: { grants: ['ROUTES'] },
  code: setup(`ctx.routes.get('/hello', async () => ({ message: ${JSON.stringify(answer)} }));`),
});

export const statusOf = async (api: Pick<TestApi, 'call'>): Promise<ExtensionsStatus> =>
  (await api.call<ExtensionsStatus>('GET', '/ext/status?effects=1')).body;

export async function statusOfOne(api: Pick<TestApi, 'call'>, id: string): Promise<ExtensionStatus> {
  const status = (await statusOf(api)).extensions[id];
  if (status === undefined) throw new Error(`There is no extension ${id}.`);
  return status;
}

/** The value of one series in the metrics of a server; 0 where it is not there. */
export async function metricOf(api: { readonly url: string }, series: string): Promise<number> {
  const text = await (await fetch(`${api.url}/ext/observability/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
