import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { listen, startServer } from '../support/server.ts';
import { describeStores, newPlace } from '../support/stores.ts';

/** `id event name status` of each message. */
const messagesOf = (body: string): string[] =>
  body
    .trim()
    .split('\n\n')
    .map((message) => /^event: (\w+)\nid: (\S+)\ndata: (.*)$/.exec(message))
    .map((parts) => {
      const { id, status } = JSON.parse(parts![3]!) as { id: string; status: string };
      return parts![1] === 'run' ? `${parts![2]} run ${status}` : `${parts![2]} ${id} ${status}`;
    });

describeStores('stream of a run', (kind) => {
  test('tells each step once, the skipped ones too, and the rest to a client that comes back', async () => {
    const place = await newPlace(kind);
    const ordinaut = await startServer(place);
    const open = Promise.withResolvers<void>();
    const peer = await listen((_, response) => void open.promise.then(() => response.end('done')));
    try {
      const echo = (id: string) => ({ id, uses: 'core.echo', with: { value: id } });
      const task = await ordinaut.createTask({
        payload: {
          pipeline: [
            { id: 'a', uses: 'http.request', with: { url: peer.url } },
            { ...echo('b'), if: '`false`' },
            echo('c'),
            echo('d'),
          ],
        },
      });
      const url = `${ordinaut.url}/runs/${await ordinaut.runNow(task.id)}/stream`;
      const live = await fetch(url);
      open.resolve();
      const finished = messagesOf(await text(live.body!)).filter((message) => / \w (succeeded|skipped)$/.test(message));
      expect(finished.filter((message) => !message.includes(' b '))).toEqual([
        '1-1 a succeeded',
        '1-2 c succeeded',
        '1-3 d succeeded',
      ]);
      expect(finished.filter((message) => message.includes(' b '))).toEqual([
        expect.stringMatching(/^1-\d b skipped$/),
      ]);
      const again = await fetch(url, { headers: { 'last-event-id': '1-2' } });
      expect(messagesOf(await again.text())).toEqual(['1-3 d succeeded', '1-3 run succeeded']);
    } finally {
      await peer.close();
      await ordinaut.server.stop();
      await place.remove();
    }
  });
});
