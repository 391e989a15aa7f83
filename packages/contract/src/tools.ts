import Type, { type Static } from 'typebox';
import { JsonObject, Nullable } from './common.ts';

export const ToolAnnotations = Type.Object({
  readOnly: Type.Boolean({ description: 'Changes nothing' }),
  destructive: Type.Boolean({ description: 'May destroy something that cannot be brought back' }),
  idempotent: Type.Boolean({ description: 'A second call with the same input changes nothing more' }),
  openWorld: Type.Boolean({ description: 'Reaches systems outside this server' }),
});
export type ToolAnnotations = Static<typeof ToolAnnotations>;

/** A tool as clients see it. */
export const ToolInfo = Type.Object({
  name: Type.String(),
  description: Type.String(),
  input_schema: JsonObject,
  output_schema: Nullable(JsonObject),
  annotations: ToolAnnotations,
  scopes: Type.Array(Type.String()),
  timeout_seconds: Nullable(Type.Number({ description: 'Longest the tool is given; null: what the step says' })),
  source: Type.String({ description: '`builtin`, `ext.<id>` or `mcp.<server>`' }),
});
export type ToolInfo = Static<typeof ToolInfo>;

export const ToolCallInput = Type.Object(
  {
    input: Type.Optional(JsonObject),
    timeout_seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 300, default: 30 })),
  },
  { additionalProperties: false },
);
export type ToolCallInput = Static<typeof ToolCallInput>;

export const ToolCallResult = Type.Object({
  success: Type.Boolean(),
  tool: Type.String(),
  output: Type.Unknown(),
  error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  duration_ms: Type.Number(),
});
export type ToolCallResult = Static<typeof ToolCallResult>;
