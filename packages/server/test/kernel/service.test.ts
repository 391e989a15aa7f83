import { expect, test } from 'vitest';
import { type Service, startAll } from '../../src/kernel/service.ts';

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
