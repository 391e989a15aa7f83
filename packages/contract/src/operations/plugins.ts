import { PluginList } from '../plugins.ts';
import { type Operation, ok } from './operation.ts';

export const pluginOperations = {
  'plugins.list': {
    method: 'GET',
    path: '/plugins',
    tag: 'plugins',
    summary: 'List the plugins of the process that answers',
    access: 'plugins:read',
    repeat: 'safe',
    success: ok(PluginList, 'The plugins, in the order of the setting'),
    errors: [],
  },
} as const satisfies Record<string, Operation>;
