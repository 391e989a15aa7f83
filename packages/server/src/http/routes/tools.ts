import { ToolCallInput } from '@ordinaut/contract';
import { badRequest, notFound } from '../../kernel/errors.ts';
import { lazyCheck } from '../../kernel/schema.ts';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

const DEFAULT_TIMEOUT_SECONDS = 30;

export const toolRoutes = ({ tools }: HttpServices): OperationHandlers<IdsOf<'tools'>> => ({
  'tools.list': () => {
    const items = tools.list();
    return { items, total: items.length };
  },
  'tools.get': ({ params }) => {
    const tool = tools.get(params.name);
    if (tool === null) throw notFound('tool', params.name);
    return tool;
  },
  'tools.call': ({ params, body, signal, caller }) => {
    const { input, timeout_seconds = DEFAULT_TIMEOUT_SECONDS } = callInput(body ?? {});
    return tools.call(params.name, input ?? {}, { signal, timeoutMs: timeout_seconds * 1000, by: caller });
  },
});

const checkCall = lazyCheck(ToolCallInput);

/** The envelope belongs to HTTP; the input inside it is checked by the registry against the schema of the tool. */
function callInput(body: unknown): ToolCallInput {
  const issues = checkCall(body);
  if (issues.length > 0) throw badRequest(issues);
  return body as ToolCallInput;
}
