import Type from 'typebox';
import { defineTool } from '../define-tool.ts';

/** Answers its input. */
export const echo = defineTool({
  name: 'core.echo',
  description: 'Answers its input as it is.',
  input: Type.Object({}),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  scopes: [],
  call: async (input) => input,
});
