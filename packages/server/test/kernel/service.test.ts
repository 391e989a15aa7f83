import { expect, test } from 'vitest';
import { type Service, startAll, stopTogether } from '../../src/kernel/service.ts';

test('the error of a start wins over those of the stops it leads to', async () => {
  const stopped: string[] = [];
  const service = (name: string, fails: 'start' | 'stop' | null): Service => ({
    name,
    async start() {
      if (fails === 'start') throw new Error(`${name} does not start`);
    },
    async stop() {
      stopped.push(name);
      if (fails === 'stop') throw new Error(`${name} does not stop`);
    },
  });
  const services = [service('a', null), service('b', 'stop'), service('c', 'start')];
  await expect(startAll(services)).rejects.toThrow('c does not start');
  expect(stopped).toEqual(['c', 'b', 'a']);
});

test('of what is stopped side by side everything is waited for, and the first failure thrown then', async () => {
  const slow = Promise.withResolvers<void>();
  const done: string[] = [];
  const service = (name: string, stop: () => Promise<void>): Service => ({ name, start: async () => {}, stop });
  const stopping = stopTogether([
    service('throws', () => {
      throw new Error('first');
    }),
    service('slow', () => slow.promise.then(() => void done.push('slow'))),
    service('rejects', () => Promise.reject(new Error('second'))),
  ]).finally(() => done.push('over'));
  slow.resolve();
  await expect(stopping).rejects.toThrow('first');
  expect(done).toEqual(['slow', 'over']);
});
