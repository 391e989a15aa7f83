import { Readable } from 'node:stream';
import { defineExtension, type FastifyReply } from '@ordinaut/kit';
import { changes } from './change-stream.ts';
import { serveSocket } from './socket.ts';
import { openToolDoor } from './tool-door.ts';

/** The tools of the server for assistants: `/meta`, `/handshake`, `/tools`, `/invoke`, `/schema`, `/stream` and the WebSocket `/ws`. */
export default defineExtension({
  grants: ['ROUTES', 'TOOLS'],
  setup({ routes, tools, info, signal }) {
    const door = openToolDoor(tools, info.version);

    routes.get('/meta', async () => ({
      server: door.server.name,
      version: door.server.version,
      capabilities: ['handshake', 'list_tools', 'invoke', 'schema', 'sse'],
    }));
    routes.post('/handshake', ({ body }) => door.handshake(body));
    routes.get('/tools', () => door.listTools());
    routes.get('/tools/:name/schema', ({ params }) => door.schema({ tool: (params as { name: string }).name }));
    routes.get('/schema', () => door.schema({}));
    routes.post('/invoke', ({ body }, reply) => door.invoke(body, clientLeft(reply)));

    routes.get('/stream', async (_request, reply) => {
      const over = AbortSignal.any([clientLeft(reply), signal]);
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // When the stream is over so is its connection, which would otherwise hold up the end of the server.
          connection: 'close',
          // nginx would keep events until its buffer is full.
          'x-accel-buffering': 'no',
        })
        .send(Readable.from(changes(tools, door.server, over), { objectMode: false }));
    });
    routes.get('/ws', { websocket: true }, (socket) => serveSocket(socket, door));
  },
});

/** Aborted when nobody waits for the answer any more. */
function clientLeft({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) left.abort();
  });
  return left.signal;
}
