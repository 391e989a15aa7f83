import type { Static, TObject } from 'typebox';
import type { Tool, ToolCall } from './tool.ts';

/** A tool whose input has the type of its schema. */
export interface ToolDefinition<Input extends TObject>
  extends Omit<Tool, 'inputSchema' | 'call' | 'source' | 'timeoutMs'> {
  readonly input: Input;
  call(input: Static<Input>, call: ToolCall): Promise<unknown>;
}

/**
 * Makes a built-in tool of a definition whose input schema is a TypeBox object.
 *
 * Its time is limited by the caller alone.
 */
export function defineTool<Input extends TObject>({ input: schema, ...definition }: ToolDefinition<Input>): Tool {
  return {
    ...definition,
    inputSchema: schema,
    timeoutMs: null,
    source: 'builtin',
    // The registry has checked the input against this very schema.
    call: (input, call) => definition.call(input as Static<Input>, call),
  };
}
