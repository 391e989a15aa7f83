import { once } from 'node:events';
import type { ToolInfo } from '@ordinaut/contract';
import type { Tools } from '@ordinaut/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { changes } from '../../../../../extensions/mcp_http/change-stream.ts';
import { startServer } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';
import { openEventStream } from './event-stream.ts';

describe('mcp_http', () => {
  let place: TestPlace;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    place = await newPlace('sqlite');
    server = await startServer(place);
  });

  afterAll(async () => {
    await server.server.stop();
    await place.remove();
  });

  const get = (path: string) => server.call<Record<string, unknown>>('GET', `/ext/mcp_http${path}`);
  const post = (path: string, body?: unknown) =>
    server.call<Record<string, unknown>>('POST', `/ext/mcp_http${path}`, body);

  it('tells what it is', async () => {
    expect((await get('/meta')).body).toEqual({
      server: 'ordinaut-mcp-http',
      version: '0.2.0',
      capabilities: ['handshake', 'list_tools', 'invoke', 'schema', 'sse'],
    });
  });

  it('shakes hands', async () => {
    const { status, body } = await post('/handshake', { client: { name: 'ChatGPT', version: '1.0' } });
    expect(status).toBe(200);
    expect(body).toEqual({
      server: { name: 'ordinaut-mcp-http', version: '0.2.0' },
      session_id: expect.stringMatching(/^sess-[0-9a-f-]{36}$/),
    });
  });

  it.each([
    [undefined, 'client.name'],
    [{}, 'client.name'],
    [{ client: { name: 'x', version: 1 } }, 'client.version'],
  ])('refuses the handshake %j', async (body, field) => {
    expect(await post('/handshake', body)).toMatchObject({ status: 400, body: { details: { field } } });
  });

  it('lists the tools with their parameters', async () => {
    const { tools } = (await get('/tools')).body as { tools: { name: string }[] };
    const create = tools.find(({ name }) => name === 'create_task');
    expect(create).toEqual({
      name: 'create_task',
      description: expect.stringContaining('Creates a task'),
      parameters: expect.objectContaining({ type: 'object' }),
    });
    expect(create).toMatchObject({
      parameters: { properties: { title: { type: 'string' }, schedule: { type: 'string' } } },
    });
  });

  it('tells the schemas, of one tool and of all', async () => {
    const one = (await get('/tools/create_task/schema')).body;
    expect(one).toMatchObject({ name: 'create_task', parameters: { type: 'object' }, result: { type: 'object' } });
    const all = (await get('/schema')).body as { tools: unknown[] };
    expect(all.tools).toContainEqual(one);
    expect(await get('/tools/create_tusk/schema')).toMatchObject({ status: 404, body: { error: 'not_found' } });
  });

  it('invokes a tool', async () => {
    const { status, body } = await post('/invoke', {
      tool: 'create_task',
      parameters: { title: 'Daily report', schedule: '0 18 * * *' },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      result: { task_id: expect.any(String), message: expect.stringContaining('The task is created.') },
    });
    const { task_id } = body.result as { task_id: string };
    expect((await server.call('GET', `/tasks/${task_id}`)).body).toMatchObject({ title: 'Daily report' });
  });

  it('says that a tool has failed, and with what', async () => {
    const failed = await post('/invoke', { tool: 'core.fail', parameters: { message: 'on purpose' } });
    expect(failed.status).toBe(200);
    expect(failed.body).toEqual({
      success: false,
      error: { code: 'failed_on_purpose', message: expect.stringContaining('on purpose') },
    });
    const task_id = '01890a5d-ac96-774b-bcce-b302099a8057';
    expect((await post('/invoke', { tool: 'get_task', parameters: { task_id } })).body).toMatchObject({
      success: false,
      error: { code: 'not_found' },
    });
  });

  it('refuses an unknown tool with the names like it', async () => {
    expect(await post('/invoke', { tool: 'create_tusk' })).toMatchObject({
      status: 404,
      body: { error: 'not_found', message: expect.stringContaining('Did you mean create_task') },
    });
  });

  it.each([
    [{}, 'tool'],
    [{ tool: 'get_task', parameters: [] }, 'parameters'],
    [{ tool: 'get_task', parameters: { task_id: 'x' } }, 'task_id'],
    [{ tool: 'create_task', parameters: { title: 'x', schedule: 'often' } }, 'schedule'],
  ])('refuses the call %j, naming the field', async (body, field) => {
    const answer = await post('/invoke', body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'bad_request', details: { field } } });
  });

  it('answers on a WebSocket, each message by its id', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ext/mcp_http/ws`);
    const answers = new Map<unknown, Record<string, unknown>>();
    await once(socket, 'open');
    const ask = async (message: unknown): Promise<void> => {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      const [data] = (await once(socket, 'message')) as [Buffer];
      const answer = JSON.parse(data.toString()) as Record<string, unknown>;
      answers.set(answer.id, answer);
    };
    await ask({ id: 1, method: 'handshake', params: { client: { name: 'test' } } });
    await ask({ id: 'two', method: 'list_tools' });
    await ask({ id: 3, method: 'invoke', params: { tool: 'core.echo', parameters: { word: 'hello' } } });
    await ask({ id: 4, method: 'invoke', params: { tool: 'core.eco' } });
    await ask({ id: 5, method: 'schema', params: { tool: 'core.echo' } });
    await ask({ id: 6, method: 'dance' });
    await ask('no json');
    expect(answers.get(1)).toMatchObject({ result: { server: { name: 'ordinaut-mcp-http' } } });
    expect(answers.get('two')).toMatchObject({ result: { tools: expect.any(Array) } });
    expect(answers.get(3)).toEqual({ id: 3, result: { success: true, result: { word: 'hello' } } });
    expect(answers.get(4)).toMatchObject({ error: { code: 'not_found' } });
    expect(answers.get(5)).toMatchObject({ result: { name: 'core.echo' } });
    expect(answers.get(6)).toMatchObject({ error: { code: 'bad_request', details: { field: 'method' } } });
    expect(answers.get(null)).toMatchObject({ error: { code: 'bad_request' } });
    socket.close();
    await once(socket, 'close');
  });

  it('greets on its stream, and ends it when it is reloaded', async () => {
    const client = await openEventStream(`${server.url}/ext/mcp_http/stream`);
    const { event, data } = await client.next();
    expect(event).toBe('hello');
    expect(JSON.parse(data)).toEqual({
      server: { name: 'ordinaut-mcp-http', version: '0.2.0' },
      tools_version: expect.any(String),
    });
    expect((await server.call('POST', '/ext/mcp_http/reload')).status).toBe(200);
    await client.ended();
  });
});

describe('the stream of changes', () => {
  afterEach(() => void vi.useRealTimers());

  it('tells of other tools, beats while nothing changes, and leaves no timer', async () => {
    vi.useFakeTimers();
    let list = [{ name: 'a' }] as ToolInfo[];
    const tools = { list: async () => list } as Pick<Tools, 'list'> as Tools;
    const stop = new AbortController();
    const stream = changes(tools, { name: 's', version: '1' }, stop.signal);
    expect((await stream.next()).value).toMatch(/^event: hello\n/);
    const beat = stream.next();
    await vi.advanceTimersByTimeAsync(16_000);
    expect((await beat).value).toMatch(/^event: heartbeat\n/);
    const change = stream.next();
    list = [{ name: 'b' }] as ToolInfo[];
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await change).value).toMatch(/^event: tools\/list_changed\ndata: \{"tools_version":"/);
    const end = stream.next();
    stop.abort();
    expect((await end).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
