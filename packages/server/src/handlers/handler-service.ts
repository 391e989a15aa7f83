import type { Handler, HandlerListQuery, OperationResult, Page } from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { type Author, assertMayUse, authorship } from '../pipeline/author.ts';
import type { HandlerRow } from '../storage/handler-rows.ts';
import type { Store } from '../storage/store.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { type HandlerDefinition, readHandlerInput, readHandlerPatch } from './handler-definition.ts';
import { HandlerRepository } from './handler-repository.ts';
import { toHandler } from './handler-resource.ts';

/** Handlers, and what can be done with them; `HandlerCalls` is what they do. */
export class HandlerService {
  readonly #handlers: HandlerRepository;
  readonly #tools: ToolRegistry;
  readonly #clock: Clock;

  constructor(deps: { store: Store; tools: ToolRegistry; clock: Clock }) {
    this.#handlers = new HandlerRepository(deps.store);
    this.#tools = deps.tools;
    this.#clock = deps.clock;
  }

  /** @throws ApiError `bad_request` with every field that is wrong, `forbidden` where a step may do more than its author. */
  async create(input: unknown, by: Author): Promise<Handler> {
    const definition = readHandlerInput(input, this.#tools);
    this.#assertMayUse(definition, by);
    const now = this.#clock.now();
    const handler: HandlerRow = {
      id: newId(),
      ...columnsOf(definition),
      created_by: by.principal,
      ...authorship(by),
      version: 1,
      created_at: now,
      updated_at: now,
    };
    await this.#handlers.insert(handler);
    return toHandler(handler);
  }

  async get(id: string): Promise<Handler> {
    const handler = await this.#handlers.find(id);
    if (handler === undefined) throw notFound('handler', id);
    return toHandler(handler);
  }

  async list(query: HandlerListQuery): Promise<Page<Handler>> {
    const page = await this.#handlers.list(query);
    return { ...page, items: page.items.map(toHandler) };
  }

  /** Changes the given fields; requests under way end with the pipeline they began with. */
  async update(id: string, patch: unknown, by: Author): Promise<Handler> {
    const changed = await this.#handlers.change(id, (handler) => {
      const definition = readHandlerPatch(handler, patch, this.#tools);
      const columns = columnsOf(definition);
      // Params say what the steps do as much as the steps themselves.
      const rewritten = columns.pipeline !== handler.pipeline || columns.params !== handler.params;
      if (rewritten) this.#assertMayUse(definition, by);
      return {
        ...columns,
        // Whoever leaves both as they are does not become their author.
        ...(rewritten && authorship(by)),
        version: handler.version + 1,
        updated_at: this.#clock.now(),
      };
    });
    if (changed === undefined) throw notFound('handler', id);
    return toHandler(changed);
  }

  /** Deletes the handler. What it has made is kept as long as other events are. */
  async delete(id: string): Promise<OperationResult> {
    if (!(await this.#handlers.delete(id))) throw notFound('handler', id);
    return { success: true, message: 'The handler is deleted; its events are kept.', details: { handler_id: id } };
  }

  #assertMayUse({ pipeline }: HandlerDefinition, by: Author): void {
    if (pipeline !== null) assertMayUse({ pipeline }, by, this.#tools, 'pipeline');
  }
}

const columnsOf = ({ description, pipeline, params, is_dynamic }: HandlerDefinition) => ({
  description,
  pipeline: pipeline === null ? null : JSON.stringify(pipeline),
  params: JSON.stringify(params),
  is_dynamic: is_dynamic ? (1 as const) : (0 as const),
});
