import { httpErrors, missingScopes } from '@ordinaut/contract';
import type { ToolCallOptions, ToolHandler, Tools } from '@ordinaut/kit';
import { RequestError } from '@ordinaut/kit';
import { type Behalf, currentBehalf, runAsServer } from '../../containment/attribution.ts';
import { toRequestError } from '../../containment/request-error.ts';
import type { AuditLog } from '../../identity/audit-log.ts';
import { ApiError, RunFailure } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Logger } from '../../kernel/logger.ts';
import { didYouMean } from '../../kernel/near.ts';
import { neededScopes } from '../../tools/needed-scopes.ts';
import type { ToolRegistry } from '../../tools/registry.ts';
import { Suspension } from '../../tools/suspension.ts';
import type { Tool } from '../../tools/tool.ts';
import type { Ledger } from '../ledger.ts';
import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';

const CALL_MS = 30_000;

interface ExtensionToolDeps {
  readonly manifest: ResolvedManifest;
  readonly registry: ToolRegistry;
  /** Hears of each tool that somebody has had called and that may have changed something. */
  readonly audit: Pick<AuditLog, 'record'>;
  readonly ledger: Ledger;
  readonly logger: Logger;
}

/** The part of the context for tools: handlers of this generation on one side, the registry of the server on the other. */
export class ExtensionTools implements Tools {
  readonly handlers = new Map<string, ToolHandler>();
  readonly #deps: ExtensionToolDeps;

  constructor(deps: ExtensionToolDeps) {
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

  /** In the course of a request, the tools that its caller may call; otherwise all of them. */
  async list() {
    const all = this.#deps.registry.list();
    const behalf = currentBehalf();
    return behalf === null ? all : all.filter((tool) => missingScopes(behalf.scopes, neededScopes(tool)).length === 0);
  }

  async get(name: string) {
    return this.#deps.registry.list().find((tool) => tool.name === name) ?? null;
  }

  async call(name: string, input: Readonly<Record<string, unknown>> = {}, options: ToolCallOptions = {}) {
    const { registry, logger, manifest } = this.#deps;
    const behalf = options.as === 'extension' ? null : currentBehalf();
    const tool = registry.get(name);
    try {
      // What the tool of somebody else does wrong is not counted on the one who calls it.
      const output = await runAsServer(() =>
        registry.invoke(name, input, {
          signal: options.signal ?? new AbortController().signal,
          timeoutMs: options.timeoutMs ?? CALL_MS,
          idempotencyKey: newId(),
          principal: behalf === null ? `ext.${manifest.id}` : behalf.principal,
          scopes: behalf?.scopes ?? null,
          logger,
        }),
      );
      if (output instanceof Suspension)
        throw new RequestError(
          'bad_request',
          `${name} waits durably, which only a run can; use it as a step of a task.`,
        );
      await this.#record(name, tool, behalf, null);
      return output;
    } catch (error) {
      const failure = failureOf(name, error);
      await this.#record(name, tool, behalf, failure);
      throw failure;
    }
  }

  /** What an extension does of its own accord is its own affair; what somebody has it do is theirs. */
  async #record(name: string, tool: Tool | null, behalf: Behalf | null, failure: unknown): Promise<void> {
    const caller = behalf?.caller ?? null;
    if (caller === null || tool === null || tool.annotations.readOnly) return;
    const code = failure === null ? null : failure instanceof RequestError ? failure.code : 'internal_error';
    const status = code === null ? 200 : httpErrors[code].status;
    const { audit, manifest } = this.#deps;
    const event = { action: `ext.${manifest.id}.tool`, target: name, caller, status, error: code };
    await runAsServer(() => audit.record(event));
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
