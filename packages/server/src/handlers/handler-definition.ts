import {
  type FieldIssue,
  type HandlerInput,
  HandlerInput as HandlerInputSchema,
  type HandlerPatch,
  HandlerPatch as HandlerPatchSchema,
  type Step,
} from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import type { HandlerRow } from '../storage/handler-rows.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { checkHandlerPipeline } from './handler-pipeline.ts';

/** Everything a person says of a handler, with the defaults filled in. */
export interface HandlerDefinition {
  readonly description: string | null;
  /** Null: each request brings it. */
  readonly pipeline: Step[] | null;
  readonly params: Record<string, unknown>;
  readonly is_dynamic: boolean;
}

const checkInput = lazyCheck(HandlerInputSchema);
const checkPatch = lazyCheck(HandlerPatchSchema);

/** @throws ApiError `bad_request` with every field that is wrong. */
export function readHandlerInput(input: unknown, tools: ToolRegistry): HandlerDefinition {
  const issues = checkInput(input);
  const given = (isObject(input) ? input : {}) as HandlerInput;
  return checked({ description: null, pipeline: null, params: {}, is_dynamic: false, ...given }, given, issues, tools);
}

/** The definition of a handler after a change. @throws ApiError `bad_request` with every field that is wrong. */
export function readHandlerPatch(handler: HandlerRow, patch: unknown, tools: ToolRegistry): HandlerDefinition {
  const issues = checkPatch(patch);
  const given = (isObject(patch) ? patch : {}) as HandlerPatch;
  // A handler that becomes dynamic loses its pipeline without being told so.
  const pipeline =
    handler.pipeline === null || given.is_dynamic === true ? null : (JSON.parse(handler.pipeline) as Step[]);
  const present = {
    description: handler.description,
    pipeline,
    params: JSON.parse(handler.params) as Record<string, unknown>,
    is_dynamic: handler.is_dynamic === 1,
  };
  return checked({ ...present, ...given }, given, issues, tools);
}

function checked(
  draft: HandlerDefinition & HandlerInput,
  given: HandlerInput,
  schemaIssues: readonly FieldIssue[],
  tools: ToolRegistry,
): HandlerDefinition {
  const issues = [...schemaIssues];
  const { description, pipeline, params, is_dynamic } = draft;
  const sound = (field: string) => !schemaIssues.some((issue) => issue.field.split(/[.[]/)[0] === field);
  if (sound('pipeline') && sound('is_dynamic')) {
    if (is_dynamic && pipeline !== null) {
      const issue =
        'is given, but a dynamic handler takes it from each request; leave it out, or set is_dynamic to false';
      issues.push({ field: 'pipeline', issue });
    }
    if (!is_dynamic && pipeline === null) {
      const issue = 'is required; or set is_dynamic to true, and send one with each request';
      issues.push({ field: 'pipeline', issue });
    }
    if (given.pipeline) {
      const allowUnknownTools = given.allow_unknown_tools === true;
      issues.push(...checkHandlerPipeline(given.pipeline, tools, { allowUnknownTools }));
    }
  }
  if (issues.length > 0) throw badRequest(issues);
  return { description, pipeline, params, is_dynamic };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
