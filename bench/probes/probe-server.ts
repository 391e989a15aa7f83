import { ProbePort } from './probe-port.ts';
import type { Scenario, Seen } from './scenario.ts';

/** What the process of the probe server is asked, and answers. */
export type Question = { readonly number: number } & (
  | { readonly open: Scenario; readonly close?: never }
  | { readonly close: string; readonly open?: never }
);
export type Reply = { readonly number: number; readonly url?: string; readonly seen?: Seen };

/** The process of the probe server: opens ports and closes them, as it is asked. */
const ports = new Map<string, ProbePort>();

process.on('message', async ({ number, open, close }: Question) => {
  const reply = (answer: Omit<Reply, 'number'>) => process.send?.({ number, ...answer });
  if (open !== undefined) {
    const port = new ProbePort(open);
    const url = await port.listen();
    ports.set(url, port);
    reply({ url });
    return;
  }
  const port = ports.get(close);
  ports.delete(close);
  if (port !== undefined) reply({ seen: await port.close() });
});
process.once('disconnect', () => process.exit());
