import type { ToolCallOptions, ToolHandler, Tools } from '@ordinaut/kit';
import { RequestError } from '@ordinaut/kit';
import { ApiError, RunFailure } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Logger } from '../../kernel/logger.ts';
import { didYouMean } from '../../kernel/near.ts';
import type { ToolRegistry } from '../../tools/registry.ts';
import { Suspension } from '../../tools/suspension.ts';
import { runAsServer } from '../containment/attribution.ts';
import type { Ledger } from '../ledger.ts';
import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';
import { toRequestError } from './request-error.ts';

const CALL_MS = 30_000;

/** The part of the context for tools: handlers of this generation on one side, the registry of the server on the other. */
export class ExtensionTools implements Tools {
  readonly handlers = new Map<string, ToolHandler>();
  readonly #deps: { manifest: ResolvedManifest; registry: ToolRegistry; ledger: Ledger; logger: Logger };

  constructor(deps: { manifest: ResolvedManifest; registry: ToolRegistry; ledger: Ledger; logger: Logger }) {
    this.#deps = deps;
  }

  register(name: string, handler: ToolHandler) {
    const { ledger, manifest } = this.#deps;
    ledger.assertOpen(`tool ${name}`);
    const declared = manifest.contributes.tools.map((tool) => tool.name);
    if (!declared.includes(name)) {
      const hint = didYouMean(name, declared);
      throw new Error(`The manifest declares no tool ${JSON.stringify(name)}; add it to contributes.tools.${hint}`);
    }
    if (this.handlers.has(name)) throw new Error(`The tool ${name} is registered already.`);
    if (typeof handler !== 'function') throw new TypeError(`The handler of the tool ${name} is no function.`);
    this.handlers.set(name, handler);
    return ledger.add('tool', name, () => this.handlers.delete(name));
  }

  async list() {
    return this.#deps.registry.list();
  }

  async get(name: string) {
    return this.#deps.registry.list().find((tool) => tool.name === name) ?? null;
  }

  async call(name: string, input: Readonly<Record<string, unknown>> = {}, options: ToolCallOptions = {}) {
    const { registry, logger } = this.#deps;
    try {
      // What the tool of somebody else does wrong is not counted on the one who calls it.
      const output = await runAsServer(() =>
        registry.invoke(name, input, {
          signal: options.signal ?? new AbortController().signal,
          timeoutMs: options.timeoutMs ?? CALL_MS,
          idempotencyKey: newId(),
          principal: options.principal ?? null,
          logger,
        }),
      );
      if (output instanceof Suspension)
        throw new RequestError(
          'bad_request',
          `${name} waits durably, which only a run can; use it as a step of a task.`,
        );
      return output;
    } catch (error) {
      throw failureOf(name, error);
    }
  }
}

/** A failure of a tool as the caller of a route is told it: where the tool refused the request itself, with its own words. */
function failureOf(tool: string, error: unknown): unknown {
  if (!(error instanceof RunFailure)) return error;
  const { code, message, cause } = error;
  if (cause instanceof ApiError) return toRequestError(cause);
  if (cause instanceof RequestError) return cause;
  const details = { tool, code };
  switch (code) {
    case 'tool_not_found':
      return new RequestError('not_found', message, { what: 'tool', id: tool });
    case 'input_invalid':
      return new RequestError('bad_request', message, details);
    case 'permission_denied':
      return new RequestError('forbidden', message, details);
    case 'not_found':
      return new RequestError('not_found', message, details);
    case 'step_timeout':
      return new RequestError('timeout', message, details);
    default:
      return new RequestError('internal_error', message, details);
  }
}
