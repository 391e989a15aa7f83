import type { Step } from '@ordinaut/contract';
import { LRUCache } from 'lru-cache';
import { notFound } from '../kernel/errors.ts';
import { type CompiledPipeline, compilePipeline } from '../pipeline/compile.ts';
import type { HandlerRow } from '../storage/handler-rows.ts';
import type { HandlerRepository } from './handler-repository.ts';

/** A handler, ready to be executed. */
export interface PreparedHandler {
  readonly id: string;
  readonly version: number;
  /** Null: each request brings it. */
  readonly pipeline: CompiledPipeline | null;
  readonly params: Record<string, unknown>;
  /** In whose name its steps act; null: nobody's. */
  readonly author: string | null;
  /** What its steps may do; null: everything. */
  readonly scopes: readonly string[] | null;
}

const LIMIT = 1000;

/** Compiled handlers. A request asks for the version, and reads and compiles what it does not know: once for many requests. */
export class PreparedHandlers {
  readonly #handlers: HandlerRepository;
  readonly #known = new LRUCache<string, PreparedHandler>({ max: LIMIT });

  constructor(handlers: HandlerRepository) {
    this.#handlers = handlers;
  }

  /** @throws ApiError `not_found`; RunFailure when an expression of it does not compile. */
  async get(id: string): Promise<PreparedHandler> {
    const known = this.#known.get(id);
    if (known !== undefined) {
      const version = await this.#handlers.versionOf(id);
      if (version === known.version) return known;
      this.#known.delete(id);
      if (version === undefined) throw notFound('handler', id);
    }
    const row = await this.#handlers.find(id);
    if (row === undefined) throw notFound('handler', id);
    const prepared = prepare(row);
    this.#known.set(id, prepared);
    return prepared;
  }
}

const prepare = (row: HandlerRow): PreparedHandler => ({
  id: row.id,
  version: row.version,
  pipeline: row.pipeline === null ? null : compilePipeline({ pipeline: JSON.parse(row.pipeline) as Step[] }),
  params: JSON.parse(row.params) as Record<string, unknown>,
  author: row.author,
  scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as string[]),
});
