import { once } from 'node:events';
import { connect } from 'node:net';

import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startServer } from './running-server.ts';

/** A run that waits for an hour. */
async function sleepingRun(url: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const step = { id: 'nap', uses: 'core.sleep', with: { seconds: 3600 } };
  const task = { title: 'Sleeper', schedule_kind: 'event', event_topic: 'x', payload: { pipeline: [step] } };
  const made = await fetch(`${url}/tasks`, { method: 'POST', headers, body: JSON.stringify(task) });
  const { id } = (await made.json()) as { id: string };
  const queued = await fetch(`${url}/tasks/${id}/run_now`, { method: 'POST' });
  const { details } = (await queued.json()) as { details: { run_id: string } };
  return details.run_id;
}

test('an open stream and an idle connection do not hold up the end', async () => {
  await using api = await startServer();
  const run = await sleepingRun(api.url);
  const stream = await fetch(`${api.url}/runs/${run}/stream`);
  expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');

  const { hostname, port } = new URL(api.url);
  const idle = connect(Number(port), hostname);
  idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(String(await once(idle, 'data'))).toMatch(/^HTTP\/1.1 200/);
  const idleEnd = once(idle, 'close');

  const stopped = api.server.stop();
  expect(await stream.text()).toContain('event: run');
  await stopped;
  await idleEnd;
  await expect(fetch(`${api.url}/`)).rejects.toThrow();
});

test('a stream of a run that does not exist is an error body', async () => {
  await using api = await startServer();
  const response = await fetch(`${api.url}/runs/01890000-0000-7000-8000-000000000001/stream`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: 'not_found' });
});

test('a request under way is finished, and its connection closed', async () => {
  await using api = await startServer();
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const body = JSON.stringify({ input: { text: 'finish me' } });
  const head = `POST /tools/core.echo/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  // Half of the body: the request has begun and cannot be answered yet.
  socket.write(`${head}Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1.1 100/);
  const stopped = api.server.stop();
  socket.write(body);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).toMatch(/^connection: close\r$/im);
  expect(answer).toContain('finish me');
  await stopped;
});
