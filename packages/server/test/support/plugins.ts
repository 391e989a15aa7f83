import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PluginInfo, PluginList } from '@ordinaut/contract';
import type { TestApi } from './server.ts';

/** A folder for the plugins of one test. */
export interface PluginFolder {
  readonly path: string;
  /** Writes a file, by default that of a plugin. @param name without extension, or the path of a file below the folder. */
  write(name: string, code: string): void;
  remove(): void;
}

const kit = [
  'BaseBackgroundHandler',
  'BaseBackgroundPlugin',
  'BaseEventPlugin',
  'BaseEventSendingPlugin',
  'BaseRequestMonitoringPlugin',
  'Event',
  'RawEvent',
  'RequestError',
];

export function pluginFolder(): PluginFolder {
  const path = mkdtempSync(join(tmpdir(), 'ordinaut-plugins-'));
  return {
    path,
    write(name, code) {
      const file = join(path, /\.\w+$/.test(name) ? name : `${name}.ts`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `import { ${kit.join(', ')} } from '@ordinaut/kit'; void [${kit.join(', ')}];\n${code}`);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export const pluginsOf = async (api: Pick<TestApi, 'call'>): Promise<readonly PluginInfo[]> =>
  (await api.call<PluginList>('GET', '/plugins')).body.plugins;

export async function pluginOf(api: Pick<TestApi, 'call'>, name: string): Promise<PluginInfo> {
  const found = (await pluginsOf(api)).find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no plugin ${name}.`);
  return found;
}
