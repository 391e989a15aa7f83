import Type from 'typebox';
import { defineTool } from '../tools/define-tool.ts';
import type { Tool } from '../tools/tool.ts';
import type { ExtensionHost } from './host.ts';

/** The tools about extensions. */
export const extensionTools = (host: Pick<ExtensionHost, 'status'>): readonly Tool[] => [
  defineTool({
    name: 'list_extensions',
    description:
      'Lists the extensions of this server with state, version, granted capabilities, request figures and, where one does not run, why.',
    input: Type.Object({}, { additionalProperties: false }),
    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    scopes: [],
    call: async () => host.status({ effects: false }),
  }),
];
