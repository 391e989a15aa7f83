import type { ToolInfo } from '@ordinaut/contract';
import { missingScopes } from '@ordinaut/contract';
import type { Handlers } from '../call.ts';
import type { TestTool } from '../state.ts';
import { TestError } from '../test-error.ts';
import { found } from './find.ts';

/** The names of the server's own tools that pipelines mostly use. */
const names = ['core.echo', 'core.fail', 'core.sleep', 'core.transform', 'http.request', 'events.publish'];

/** A tool that answers its input. */
export const newTool = (fields: Partial<ToolInfo> & Pick<ToolInfo, 'name'>, call?: TestTool['call']): TestTool => ({
  info: {
    description: '',
    input_schema: { type: 'object' },
    output_schema: null,
    annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    scopes: [],
    timeout_seconds: null,
    source: 'builtin',
    ...fields,
  },
  ...(call !== undefined && { call }),
});

export const builtinTools = (): TestTool[] => names.map((name) => newTool({ name }));

export const toolHandlers: Handlers<'tools'> = {
  'tools.list': ({ world }) => {
    const items = [...world.state.tools.values()].map(({ info }) => info).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { items, total: items.length };
  },
  'tools.get': ({ world, params }) => found(world.state.tools, 'tool', params.name).info,
  'tools.call': async ({ world, params, body, caller }) => {
    const { info, call = (input: Record<string, unknown>): unknown => input } = found(
      world.state.tools,
      'tool',
      params.name,
    );
    const missing = missingScopes(caller.scopes, info.scopes);
    if (missing.length > 0)
      throw new TestError('forbidden', `This needs the scope ${missing.join(', ')}.`, {
        required_scopes: info.scopes,
        granted_scopes: caller.scopes,
      });
    const begun = world.clock.now();
    const result = { tool: info.name, duration_ms: 0 };
    try {
      const output = (await call(body?.input ?? {})) ?? null;
      return { ...result, success: true, output, error: null, duration_ms: world.clock.now() - begun };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...result, success: false, output: null, error: { code: 'tool_failed', message } };
    }
  },
};
