import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { undoing } from '../harness/undo.ts';
import type { Question, Reply } from './probe-server.ts';
import type { Scenario, Seen } from './scenario.ts';

type Request = { readonly open: Scenario } | { readonly close: string };

/** A server on real sockets, in a process of its own, in which things go wrong. */
export interface ProbeServer {
  /** Opens a port of its own for `work`, and answers what came to it. */
  during<Result>(scenario: Scenario, work: (url: string) => Promise<Result>): Promise<{ result: Result; seen: Seen }>;
}

/** Starts a probe server for `work` and ends it afterwards. */
export async function withProbeServer<Result>(work: (server: ProbeServer) => Promise<Result>): Promise<Result> {
  const child = fork(fileURLToPath(new URL('./probe-server.ts', import.meta.url)), { stdio: ['ignore', 2, 2, 'ipc'] });
  const exited = once(child, 'exit');
  const waiting = new Map<number, PromiseWithResolvers<Reply>>();
  let number = 0;
  child.on('message', (reply: Reply) => {
    waiting.get(reply.number)?.resolve(reply);
    waiting.delete(reply.number);
  });
  child.once('exit', () => {
    for (const one of waiting.values()) one.reject(new Error('The probe server has ended.'));
  });
  const ask = (request: Request): Promise<Reply> => {
    number += 1;
    const one = Promise.withResolvers<Reply>();
    waiting.set(number, one);
    child.send({ number, ...request } satisfies Question);
    return one.promise;
  };
  const server: ProbeServer = {
    async during(open, work) {
      const { url } = await ask({ open });
      if (url === undefined) throw new Error('The probe server opened no port.');
      const result = await work(url);
      const { seen } = await ask({ close: url });
      if (seen === undefined) throw new Error('The probe server did not say what it has seen.');
      return { result, seen };
    },
  };
  return undoing(
    () => work(server),
    async () => {
      child.kill('SIGKILL');
      await exited;
    },
  );
}
