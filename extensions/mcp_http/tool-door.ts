import { randomUUID } from 'node:crypto';
import { RequestError, type Tools } from '@ordinaut/kit';

/** What is asked for and not as it has to be. */
const badRequest = (field: string, issue: string): RequestError =>
  new RequestError('bad_request', `${field || 'body'}: ${issue}`, { field, issue });

/** Milliseconds a tool may take; less than the request may. */
const CALL_MS = 30_000;

/** The methods an assistant can use, the same over HTTP and WebSockets. */
export interface ToolDoor {
  readonly server: { readonly name: string; readonly version: string };
  handshake(params: unknown): Promise<unknown>;
  listTools(): Promise<unknown>;
  invoke(params: unknown, signal: AbortSignal): Promise<unknown>;
  /** Of the tool `params.tool`, or of all. */
  schema(params: unknown): Promise<unknown>;
}

export function openToolDoor(tools: Tools, version: string): ToolDoor {
  const server = { name: 'ordinaut-mcp-http', version };
  return {
    server,

    async handshake(params) {
      const client = field(params, 'client');
      const name = field(client, 'name');
      const clientVersion = field(client, 'version');
      if (typeof name !== 'string' || name.trim() === '' || name.length > 200) {
        throw badRequest('client.name', 'must be the name of the assistant, for example "ChatGPT"');
      }
      if (clientVersion !== undefined && typeof clientVersion !== 'string') {
        throw badRequest('client.version', 'must be a text, for example "1.0"');
      }
      // No call needs it: every request stands for itself. It is what a client may put into its own log.
      return { server, session_id: `sess-${randomUUID()}` };
    },

    async listTools() {
      const list = await tools.list();
      return {
        tools: list.map(({ name, description, input_schema }) => ({ name, description, parameters: input_schema })),
      };
    },

    async invoke(params, signal) {
      const tool = toolName(params);
      const parameters = field(params, 'parameters') ?? {};
      if (!isObject(parameters)) throw badRequest('parameters', 'must be an object, the input of the tool');
      const known = (await tools.get(tool)) !== null;
      try {
        return { success: true, result: (await tools.call(tool, parameters, { signal, timeoutMs: CALL_MS })) ?? null };
      } catch (error) {
        if (!known || !(error instanceof RequestError) || refusals.has(error.code)) throw error;
        return { success: false, error: failureOf(error) };
      }
    },

    async schema(params) {
      if (field(params, 'tool') === undefined) return { server, tools: (await tools.list()).map(describe) };
      const name = toolName(params);
      const tool = await tools.get(name);
      if (tool !== null) return describe(tool);
      // Refused by the server, which knows the names like it.
      return tools.call(name);
    },
  };
}

/** Answers to the request itself, not to what the tool has done with it. */
const refusals: ReadonlySet<string> = new Set(['bad_request', 'unauthorized', 'forbidden']);

function failureOf({ code, message, details }: RequestError): { code: string; message: string } {
  return { code: typeof details.code === 'string' ? details.code : code, message };
}

function describe(tool: Awaited<ReturnType<Tools['list']>>[number]) {
  const { name, description, input_schema, output_schema, annotations, scopes } = tool;
  return { name, description, parameters: input_schema, result: output_schema, annotations, scopes };
}

function toolName(params: unknown): string {
  const tool = field(params, 'tool');
  if (typeof tool === 'string' && tool !== '') return tool;
  throw badRequest('tool', 'is required: the name of a tool, as the list of tools has it');
}

const field = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
