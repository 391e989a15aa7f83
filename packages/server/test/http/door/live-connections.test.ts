import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, logIn, newUser, withLogin } from '../../identity/people.ts';
import { useExtensions } from '../../support/extension-server.ts';

const extensions = useExtensions();

const live = {
  manifest: { grants: ['ROUTES'] },
  code: `import { Readable } from 'node:stream';
    import { defineExtension } from '@ordinaut/kit';
    export default defineExtension({ grants: ['ROUTES'], setup({ routes, signal }) {
      routes.get('/ws/echo', { websocket: true }, (socket) => socket.send('hello'));
      routes.get('/stream', (_request, reply) => {
        const body = new Readable({ read() {} });
        body.push('data: hello\\n\\n');
        signal.addEventListener('abort', () => body.push(null));
        return reply.header('content-type', 'text/event-stream').send(body);
      });
    } });`,
};

/** Opens a stream and waits for its first bytes; `ended` resolves when it is over, however. */
async function open(url: string, headers: Record<string, string>) {
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  };
  return { ended: rest().catch(() => undefined), cancel: () => reader.cancel().catch(() => undefined) };
}

test('streams and WebSockets end with the login they came by, and others go on', async () => {
  extensions.folder.write('live', live);
  const api = await extensions.start(withLogin());
  const admin = await logIn(api);
  const other = await logIn(api);
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ext/live/ws/echo`, {
    headers: bearer(admin.access_token),
  });
  await once(socket, 'message');
  const closed = once(socket, 'close');
  const streams = await Promise.all(
    ['/events/stream', '/ext/live/stream'].map((path) => open(api.url + path, bearer(admin.access_token))),
  );
  const stays = await open(`${api.url}/events/stream`, bearer(other.access_token));
  let over = false;
  void stays.ended.then(() => {
    over = true;
  });
  await api.call('POST', '/auth/logout', undefined, bearer(admin.access_token));
  await Promise.all([closed, ...streams.map(({ ended }) => ended)]);
  expect(over).toBe(false);
  await stays.cancel();
});

test('a stream ends when the scope for it is taken away', async () => {
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'listener', scopes: ['events:read', 'runs:read'] });
  const stream = await open(`${api.url}/events/stream`, bearer(tokens.access_token));
  await api.call('PATCH', '/users/listener', { scopes: ['runs:read'] }, bearer(access_token));
  await stream.ended;
});

test('a WebSocket ends when whoever has opened it may do less', async () => {
  extensions.folder.write('live', live);
  const api = await extensions.start(withLogin());
  const { access_token } = await logIn(api);
  const { tokens } = await newUser(api, access_token, { username: 'falling', role: 'operator' });
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ext/live/ws/echo`, {
    headers: bearer(tokens.access_token),
  });
  await once(socket, 'message');
  const closed = once(socket, 'close');
  await api.call('PATCH', '/users/falling', { role: 'viewer' }, bearer(access_token));
  await closed;
});

test('one caller cannot have all places, and gets them back', async () => {
  extensions.folder.write('live', live);
  const api = await extensions.start(withLogin({ ORDINAUT_MAX_STREAMS: '20' }));
  const mine = bearer((await logIn(api)).access_token);
  const first = await open(`${api.url}/events/stream`, mine);
  const second = await open(`${api.url}/ext/live/stream`, mine);
  const refused = await api.call<{ message: string }>('GET', '/events/stream', undefined, mine);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  expect(refused.body.message).toContain('You have 2 streams open');
  expect((await api.call('GET', '/ext/live/stream', undefined, mine)).status).toBe(503);
  await first.cancel();
  let again = 503;
  while (again === 503) {
    const response = await fetch(`${api.url}/events/stream`, { headers: mine });
    again = response.status;
    await response.body?.cancel();
  }
  expect(again).toBe(200);
  await second.cancel();
});
