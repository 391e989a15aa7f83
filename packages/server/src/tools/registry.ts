import { missingScopes, type ToolInfo } from '@ordinaut/contract';
import { ended } from '../kernel/ended.ts';
import { ApiError, badRequest, RunFailure } from '../kernel/errors.ts';
import { nearMatches } from '../kernel/near.ts';
import { type Check, compileCheck, lazyCheck } from '../kernel/schema.ts';
import { Invocation, type InvokeOptions, issuesOf, type RegisteredTool, sentenceOf } from './invocation.ts';
import { neededScopes } from './needed-scopes.ts';
import type { Tool } from './tool.ts';

const toolName = /^[A-Za-z0-9_.-]{1,128}$/;

/** Every tool of this server by name, and the one way to call them. */
export class ToolRegistry {
  readonly #tools = new Map<string, RegisteredTool>();
  #list: readonly ToolInfo[] | null = null;

  /**
   * Adds a tool; its schemas are compiled once, here, and those of built-in tools at their first use.
   *
   * @returns a function that takes the tool out again; calls under way go on.
   * @throws Error for a name that is not allowed or taken, and for a schema that is not valid.
   */
  register(tool: Tool, options: { readonly schemas: 'now' | 'at first use' } = { schemas: 'now' }): () => void {
    if (!toolName.test(tool.name)) {
      throw new Error(`${JSON.stringify(tool.name)} cannot be the name of a tool: use 1 to 128 of A-Z a-z 0-9 _ . -`);
    }
    const taken = this.#tools.get(tool.name);
    if (taken) {
      throw new Error(`There is a tool ${tool.name} already (source ${taken.tool.source}); choose another name.`);
    }
    const compile = options.schemas === 'now' ? compileSchema : compileLater;
    const registered = {
      tool,
      checkInput: compile(tool, 'input', tool.inputSchema),
      checkOutput: tool.outputSchema === undefined ? null : compile(tool, 'output', tool.outputSchema),
    };
    this.#tools.set(tool.name, registered);
    this.#list = null;
    return () => {
      // A later tool of the same name is not this one's to remove.
      if (this.#tools.get(tool.name) !== registered) return;
      this.#tools.delete(tool.name);
      this.#list = null;
    };
  }

  get(name: string): Tool | null {
    return this.#tools.get(name)?.tool ?? null;
  }

  has(name: string): boolean {
    return this.#tools.has(name);
  }

  /**
   * What the input of a tool has to fit, as far as that is sure for as long as this server runs: null for tools that do not come with it,
   * which may be others tomorrow.
   */
  lastingInput(name: string): { readonly schema: object; readonly check: Check } | null {
    const registered = this.#tools.get(name);
    if (registered?.tool.source !== 'builtin') return null;
    return { schema: registered.tool.inputSchema, check: registered.checkInput };
  }

  /** All tools as clients see them, by name. */
  list(): readonly ToolInfo[] {
    this.#list ??= [...this.#tools.values()].map(({ tool }) => toInfo(tool)).sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#list;
  }

  /** Names like this one, the best first, at most three. */
  nearest(name: string): string[] {
    return nearMatches(name, this.#tools.keys());
  }

  /**
   * Calls a tool: checks the input, limits the time, checks the output.
   *
   * @returns the output, or the `Suspension` of a tool that has to wait.
   * @throws RunFailure and nothing else: `tool_not_found`, `permission_denied` (a scope of the tool is missing), `input_invalid`, `output_invalid`, `step_timeout`, `canceled` (the
   *   signal was aborted), what the tool threw when that is a RunFailure, otherwise `tool_failed`. The cause is what was thrown;
   *   of a refused input it is an ApiError that names the fields.
   */
  invoke(name: string, input: Record<string, unknown>, options: InvokeOptions): Promise<unknown> {
    const registered = this.#tools.get(name);
    if (!registered) return Promise.reject(this.#unknown(name));
    if (options.scopes !== null) {
      const missing = missingScopes(options.scopes, neededScopes(registered.tool));
      if (missing.length > 0) return Promise.reject(notPermitted(registered.tool, options.scopes, missing));
    }
    const issues = issuesOf(registered.checkInput, input);
    if (issues.length > 0) {
      const message = `The input of ${name} does not fit its schema: ${ended(sentenceOf(issues))}`;
      return Promise.reject(new RunFailure('input_invalid', message, { cause: badRequest(issues) }));
    }
    return new Invocation(registered, options).run(input);
  }

  #unknown(name: string): RunFailure {
    const near = this.nearest(name);
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    return new RunFailure('tool_not_found', `There is no tool ${name}.${hint}`);
  }
}

function notPermitted(tool: Tool, granted: readonly string[], missing: readonly string[]): RunFailure {
  const message = `${tool.name} needs the scope ${missing.join(', ')}.`;
  const details = { required_scopes: [...neededScopes(tool)], granted_scopes: [...granted] };
  return new RunFailure('permission_denied', message, { cause: new ApiError('forbidden', message, { details }) });
}

function compileSchema(tool: Tool, which: 'input' | 'output', schema: object): RegisteredTool['checkInput'] {
  if (tool.source === 'builtin') return lazyCheck(schema);
  try {
    return compileCheck(schema);
  } catch (error) {
    throw new Error(`The ${which} schema of the tool ${tool.name} is not valid.`, { cause: error });
  }
}

function compileLater(tool: Tool, which: 'input' | 'output', schema: object): RegisteredTool['checkInput'] {
  let check: RegisteredTool['checkInput'] | undefined;
  return (value) => {
    check ??= compileSchema(tool, which, schema);
    return check(value);
  };
}

const toInfo = (tool: Tool): ToolInfo => ({
  name: tool.name,
  description: tool.description,
  input_schema: { ...tool.inputSchema },
  output_schema: tool.outputSchema === undefined ? null : { ...tool.outputSchema },
  annotations: tool.annotations,
  scopes: [...tool.scopes],
  timeout_seconds: tool.timeoutMs === null ? null : tool.timeoutMs / 1000,
  source: tool.source,
});
