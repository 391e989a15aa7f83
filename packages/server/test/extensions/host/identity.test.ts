import { once } from 'node:events';
import type { ErrorBody, ExtensionsStatus, ToolCallResult } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ADMIN_PASSWORD, bearer, logIn, newUser, withLogin } from '../../identity/people.ts';
import { useExtensions } from '../../support/extension-server.ts';
import { expectRefused } from '../../support/refused-socket.ts';

const extensions = useExtensions();

/** Says who asks, and calls tools in their name or its own. */
const mirror = {
  manifest: { grants: ['ROUTES', 'TOOLS'] },
  code: `import { defineExtension } from '@ordinaut/kit';
    export default defineExtension({
      grants: ['ROUTES', 'TOOLS'],
      setup({ routes, tools }) {
        routes.get('/who', ({ caller }) => ({ ...caller, admin: caller.has('admin') }));
        routes.get('/tools', async () => ({ names: (await tools.list()).map(({ name }) => name) }));
        routes.post('/call/:tool', ({ params, query, body }) => tools.call(params.tool, body ?? {}, query.as ? { as: query.as } : {}));
        routes.get('/ws/tasks', { websocket: true }, (socket) => {
          socket.on('message', async () => {
            const answer = await tools.call('list_tasks').then(() => 'listed', (error) => error.code);
            socket.send(answer);
          });
        });
      },
    });`,
};

test('routes of extensions need a login, and know who asks', async () => {
  extensions.folder.write('mirror', mirror);
  const api = await extensions.start(withLogin());
  const none = await api.call<ErrorBody>('GET', '/ext/mirror/who');
  expect([none.status, none.body.error, none.body.details]).toEqual([401, 'unauthorized', { required_scopes: [] }]);
  const { access_token } = await logIn(api);
  const admin = await api.call('GET', '/ext/mirror/who', undefined, bearer(access_token));
  expect(admin.body).toEqual({ principal: 'admin', kind: 'user', scopes: ['*'], admin: true });
  const { tokens } = await newUser(api, access_token, { username: 'reader', scopes: ['tasks:read'] });
  const reader = await api.call('GET', '/ext/mirror/who', undefined, bearer(tokens.access_token));
  expect(reader.body).toEqual({ principal: 'reader', kind: 'user', scopes: ['tasks:read'], admin: false });
});

test('an extension calls tools in the name of whoever asks, and lists only what they may call', async () => {
  extensions.folder.write('mirror', mirror);
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'reader', scopes: ['tasks:read'] });
  const reader = bearer(tokens.access_token);
  const call = (tool: string, body: object = {}, query = '') =>
    api.call<ErrorBody>('POST', `/ext/mirror/call/${tool}${query}`, body, reader);
  expect((await call('list_tasks')).status).toBe(200);
  const forbidden = await call('create_task', { title: 'x', schedule: '0 9 * * *' });
  expect([forbidden.status, forbidden.body.error, forbidden.body.details]).toEqual([
    403,
    'forbidden',
    { required_scopes: ['tasks:create'], granted_scopes: ['tasks:read'] },
  ]);
  // A tool that asks for nothing still calls a tool.
  const echo = await call('core.echo', { a: 1 });
  expect([echo.status, echo.body.details]).toEqual([
    403,
    { required_scopes: ['tools:call'], granted_scopes: ['tasks:read'] },
  ]);
  const own = await call('create_task', { title: 'x', schedule: '0 9 * * *' }, '?as=extension');
  expect(own.status).toBe(200);
  const listed = await api.call<{ names: string[] }>('GET', '/ext/mirror/tools', undefined, reader);
  expect(listed.body.names).toContain('list_tasks');
  expect(listed.body.names).not.toContain('create_task');
  expect(listed.body.names).not.toContain('http.request');
  const all = await api.call<{ names: string[] }>('GET', '/ext/mirror/tools', undefined, bearer(access_token));
  expect(all.body.names).toEqual(expect.arrayContaining(['create_task', 'http.request']));
});

test('a tool of an extension opens the way to no tool that its caller may not call', async () => {
  extensions.folder.write('forward', {
    manifest: {
      grants: ['TOOLS'],
      contributes: {
        tools: [
          {
            name: 'any',
            description: 'Calls another tool.',
            inputSchema: { type: 'object' },
            annotations: { readOnly: true },
          },
        ],
      },
    },
    code: `import { defineExtension } from '@ordinaut/kit';
      export default defineExtension({ grants: ['TOOLS'], setup({ tools }) {
        tools.register('any', ({ tool, input }) => tools.call(tool, input));
      } });`,
  });
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, {
    username: 'caller',
    scopes: ['tools:call', 'tasks:create', 'runs:read'],
  });
  const { tokens: less } = await newUser(api, access_token, { username: 'less', scopes: ['tools:call'] });
  const input = { tool: 'create_task', input: { title: 'x', schedule: '0 9 * * *' } };
  const call = (token: string) =>
    api.call<ToolCallResult & ErrorBody>('POST', '/tools/ext.forward.any/call', { input }, bearer(token));
  expect((await call(tokens.access_token)).body).toMatchObject({ success: true });
  const refused = await call(less.access_token);
  expect([refused.status, refused.body.details]).toEqual([
    403,
    { required_scopes: ['tasks:create'], granted_scopes: ['tools:call'] },
  ]);
});

test('events want their scope of whoever an extension publishes and follows them for', async () => {
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'deaf', scopes: ['tasks:read'] });
  const they = bearer(tokens.access_token);
  const published = await api.call<ErrorBody>('POST', '/ext/events_demo/publish/orders.new', { n: 1 }, they);
  expect([published.status, published.body.details.required_scopes]).toEqual([403, ['events:publish']]);
  const followed = await api.call<ErrorBody>('GET', '/ext/events_demo/subscribe/orders.new', undefined, they);
  expect([followed.status, followed.body.details.required_scopes]).toEqual([403, ['events:read']]);
  const admin = await api.call('POST', '/ext/events_demo/publish/orders.new', { n: 1 }, bearer(access_token));
  expect(admin.status).toBe(200);
});

test('an extension shows nobody the events of alerts who may not see alerts', async () => {
  extensions.folder.write('watcher', {
    manifest: { grants: ['ROUTES', 'EVENTS_SUB'], contributes: { events: { subscribe: ['**', 'alert.*'] } } },
    code: `import { defineExtension } from '@ordinaut/kit';
      export default defineExtension({ grants: ['ROUTES', 'EVENTS_SUB'], setup({ routes, events }) {
        // All that is there, up to the event with the topic that ends it.
        routes.get('/seen', async ({ query }) => {
          const topics = [];
          const view = events.follow(query.pattern, { from: 'core', after: '0-0', signal: AbortSignal.timeout(20_000) });
          for await (const event of view) {
            topics.push(event.topic);
            if (event.topic === query.until) break;
          }
          return { topics };
        });
      } });`,
  });
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const admin = bearer(access_token);
  const { tokens } = await newUser(api, access_token, { username: 'blind', scopes: ['events:read'] });
  const seen = (query: string, by: Record<string, string>) =>
    api.call<ErrorBody & { topics: string[] }>('GET', `/ext/watcher/seen?${query}`, undefined, by);
  await api.call('POST', '/alerts', { title: 'a', severity: 'low', source: 'b' }, admin);
  expect((await seen('pattern=alert.*&until=alert.created', admin)).body.topics).toEqual(['alert.created']);
  await api.call('POST', '/events', { topic: 'mark' }, admin);
  expect((await seen('pattern=**&until=mark', admin)).body.topics).toEqual(['alert.created', 'mark']);
  expect((await seen('pattern=**&until=mark', bearer(tokens.access_token))).body.topics).toEqual(['mark']);
  const refused = await seen('pattern=alert.*&until=x', bearer(tokens.access_token));
  expect([refused.status, refused.body.details.required_scopes]).toEqual([403, ['alerts:read']]);
});

test('tools ask for their scopes at every door', async () => {
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'caller', scopes: ['tools:call', 'runs:read'] });
  const they = bearer(tokens.access_token);
  const direct = await api.call<ToolCallResult & ErrorBody>('POST', '/tools/list_tasks/call', { input: {} }, they);
  expect([direct.status, direct.body.details]).toEqual([
    403,
    { required_scopes: ['tasks:read'], granted_scopes: ['runs:read', 'tools:call'] },
  ]);
  const right = await api.call<ToolCallResult>('POST', '/tools/list_runs/call', { input: {} }, they);
  expect(right.body).toMatchObject({ success: true });
  const invoke = { tool: 'list_tasks', parameters: {} };
  expect((await api.call('POST', '/ext/mcp_http/invoke', invoke, they)).status).toBe(403);
  const { body } = await api.call<{ tools: { name: string }[] }>('GET', '/ext/mcp_http/tools', undefined, they);
  const names = body.tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['list_runs', 'core.echo']));
  expect(names).not.toContain('list_tasks');
});

test('a WebSocket needs a login too, and its messages are those of whoever has opened it', async () => {
  extensions.folder.write('mirror', mirror);
  const api = await extensions.start(withLogin());
  const url = `${api.url.replace('http', 'ws')}/ext/mirror/ws/tasks`;
  expect(await expectRefused(new WebSocket(url))).toBe(401);
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'nothing', scopes: ['runs:read'] });
  const ask = async (token: string) => {
    const socket = new WebSocket(url, { headers: bearer(token) });
    await once(socket, 'open');
    socket.send('?');
    const [answer] = await once(socket, 'message');
    socket.close();
    return String(answer);
  };
  expect(await ask(access_token)).toBe('listed');
  expect(await ask(tokens.access_token)).toBe('forbidden');
});

test('the cookie of a session opens a WebSocket for a page of this server alone', async () => {
  extensions.folder.write('mirror', mirror);
  const api = await extensions.start(withLogin());
  const begun = await api.call('POST', '/auth/session', { username: 'admin', password: ADMIN_PASSWORD });
  const cookie = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const url = `${api.url.replace('http', 'ws')}/ext/mirror/ws/tasks`;
  expect(await expectRefused(new WebSocket(url, { headers: { cookie } }))).toBe(403);
  expect(await expectRefused(new WebSocket(url, { headers: { cookie }, origin: 'https://evil.example' }))).toBe(403);
  const otherPort = api.url.replace(/:\d+$/, ':3000');
  expect(await expectRefused(new WebSocket(url, { headers: { cookie }, origin: otherPort }))).toBe(403);
  const socket = new WebSocket(url, { headers: { cookie }, origin: api.url });
  await once(socket, 'open');
  socket.close();
});

test('strangers are not told why an extension does not run', async () => {
  extensions.folder.write('broken', {
    manifest: { grants: ['ROUTES'] },
    code: `export default { setup() { throw new Error('the password is hunter2'); } };`,
  });
  const api = await extensions.start(withLogin({ ORDINAUT_PUBLIC_PATHS: '/ext/status,/ext/broken/*' }));
  const stranger = await api.call<ErrorBody>('GET', '/ext/broken/x');
  expect([stranger.status, stranger.body.message]).toEqual([503, 'The extension broken cannot be used at the moment.']);
  const status = await api.call<ExtensionsStatus>('GET', '/ext/status?effects=1');
  expect(status.body.extensions.broken?.error).toBe('It does not run; log in to see why.');
  expect(JSON.stringify(status.body)).not.toContain('hunter2');
  expect(status.body.extensions.broken).not.toHaveProperty('effects');
  const admin = bearer((await logIn(api)).access_token);
  const told = await api.call<ExtensionsStatus>('GET', '/ext/status', undefined, admin);
  expect(told.body.extensions.broken?.error).toContain('hunter2');
});
