import { type DynamicRequest, DynamicRequest as DynamicSchema, type FieldIssue } from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import { type Author, assertMayUse } from '../pipeline/author.ts';
import { compilePipeline } from '../pipeline/compile.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { checkHandlerPipeline } from './handler-pipeline.ts';
import type { PreparedHandler } from './prepared-handlers.ts';
import type { RequestBody } from './request-body.ts';
import type { InlineRun } from './run-inline.ts';

/** What a request makes a handler run, and the body that the pipeline sees. */
type PreparedRun = Omit<InlineRun, 'event' | 'signal'> & { readonly body: RequestBody | null };

const checkDynamic = lazyCheck(DynamicSchema);

/**
 * Takes the pipeline of the handler, with the rights of its author, or that of the request, with the rights of who asks.
 *
 * @throws ApiError `bad_request` where the request brings no pipeline to a dynamic handler, one that is wrong, or one to a handler that
 *   has its own; `forbidden` where a step may do more than who asks.
 */
export function prepareRun(
  handler: PreparedHandler,
  by: Author,
  body: RequestBody | null,
  tools: ToolRegistry,
): PreparedRun {
  const json = body?.encoding === 'json' ? body.value : null;
  const { id, pipeline, params, author, scopes } = handler;
  if (pipeline === null) return dynamicRun(handler, by, json, body?.contentType ?? null, tools);
  if (isObject(json) && Array.isArray(json.pipeline)) {
    throw wrong(`is given, but handler ${id} has one of its own; leave it out, or make the handler dynamic`);
  }
  return { pipeline, params, principal: author, scopes, body };
}

function dynamicRun(
  handler: PreparedHandler,
  by: Author,
  json: unknown,
  contentType: string | null,
  tools: ToolRegistry,
): PreparedRun {
  if (!isObject(json) || json.pipeline === undefined) {
    const form = '{"pipeline": [...], "params": {...}, "body": ...}';
    throw wrong(`is required: handler ${handler.id} is dynamic, and takes JSON such as ${form}`);
  }
  const issues = checkDynamic(json);
  if (issues.length > 0) throw badRequest(issues);
  const { pipeline, params, body: value = null } = json as DynamicRequest;
  const wrongSteps = checkHandlerPipeline(pipeline, tools, { allowUnknownTools: false });
  if (wrongSteps.length > 0) throw badRequest(wrongSteps);
  assertMayUse({ pipeline }, by, tools, 'pipeline');
  return {
    pipeline: compilePipeline({ pipeline }),
    params: { ...handler.params, ...params },
    principal: by.principal,
    scopes: by.scopes,
    body: { encoding: 'json', contentType, value },
  };
}

const wrong = (issue: string) => badRequest([{ field: 'pipeline', issue } satisfies FieldIssue]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
