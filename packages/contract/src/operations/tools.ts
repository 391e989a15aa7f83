import Type from 'typebox';
import { ToolCallInput, ToolCallResult, ToolInfo } from '../tools.ts';
import { type Operation, ok } from './operation.ts';

const NameParams = Type.Object(
  { name: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,128}$' }) },
  { additionalProperties: false },
);

export const toolOperations = {
  'tools.list': {
    method: 'GET',
    path: '/tools',
    tag: 'tools',
    summary: 'List the tools',
    access: 'authenticated',
    repeat: 'safe',
    success: ok(Type.Object({ items: Type.Array(ToolInfo), total: Type.Integer() }), 'All tools, by name'),
    errors: [],
  },
  'tools.get': {
    method: 'GET',
    path: '/tools/{name}',
    tag: 'tools',
    summary: 'Show a tool',
    access: 'authenticated',
    repeat: 'safe',
    params: NameParams,
    success: ok(ToolInfo, 'The tool'),
    errors: ['not_found'],
  },
  'tools.call': {
    method: 'POST',
    path: '/tools/{name}/call',
    tag: 'tools',
    summary: 'Call a tool',
    access: 'tools:call',
    repeat: 'keyed',
    params: NameParams,
    body: ToolCallInput,
    bodyOptional: true,
    success: ok(ToolCallResult, 'What came of it'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
} as const satisfies Record<string, Operation>;
