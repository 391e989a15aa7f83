import { setTimeout as sleep } from 'node:timers/promises';
import type { Part } from '../harness/part.ts';
import { Outcomes } from './outcomes.ts';
import type { Observed, Probe } from './probe.ts';
import type { ClientKind, ProbedClient } from './probed-client.ts';

/** Calls under way at the same time while a rate is measured. */
export const RATE_CONCURRENCY = 32;
const WARM_UP_CALLS = 300;
/** Long enough that a call has got its first answer, and shorter than every backoff. */
const BEFORE_ABORT_MS = 40;

/** The part of a client, to be run in a process of its own: one probe. */
export const probePart = (source: string, name: string, kind: ClientKind): Part<Probe, Observed> => ({
  source,
  name,
  run: (probe) => runProbe(kind, probe),
});

async function runProbe(kind: ClientKind, probe: Probe): Promise<Observed> {
  await kind.connect(probe.warmUpUrl, {}).get();
  const connect = (): ProbedClient => kind.connect(probe.url, probe.settings);
  switch (probe.name) {
    case 'calls':
      return atOnce(connect(), probe);
    case 'calls after one': {
      if (kind.connectWithLogin === undefined) throw new Error('This client has no login.');
      const client = await kind.connectWithLogin(probe.url, probe.settings);
      await client.get();
      return atOnce(client, probe);
    }
    case 'aborts':
      return aborts(connect, probe);
    case 'post':
    case 'keyed post': {
      const outcomes = new Outcomes(probe.limitMs);
      const { post } = connect();
      if (post === undefined) throw new Error('This client sends no POST.');
      await outcomes.of(() => post(probe.name === 'keyed post'));
      return outcomes.observed();
    }
    case 'stream':
      return follow(kind, probe);
    case 'rate':
      return rate(connect(), probe);
  }
}

/** So many calls at once. */
async function atOnce(client: ProbedClient, { count, limitMs, signalMs }: Probe): Promise<Observed> {
  const outcomes = new Outcomes(limitMs);
  const call = () => client.get(signalMs === undefined ? {} : { signal: AbortSignal.timeout(signalMs) });
  await Promise.all(Array.from({ length: count }, () => outcomes.of(call)));
  return outcomes.observed();
}

/** One call after another that is aborted: from `abort()` until it is settled. */
async function aborts(connect: () => ProbedClient, { count, limitMs }: Probe): Promise<Observed> {
  const outcomes = new Outcomes(limitMs);
  for (let sample = 0; sample < count; sample += 1) {
    const controller = new AbortController();
    // A client of its own: one that has seen failures may send nothing more.
    const call = connect().get({ signal: controller.signal });
    call.catch(() => undefined);
    await sleep(BEFORE_ABORT_MS);
    const settled = outcomes.of(() => call);
    controller.abort();
    await settled;
    // One that hangs is enough to know.
    if (outcomes.hasHung) break;
  }
  return outcomes.observed();
}

/** The events of a stream until there are as many as there should be, or it ends. */
async function follow(kind: ClientKind, { url, settings, withLogin, count, limitMs }: Probe): Promise<Observed> {
  const client =
    withLogin === true && kind.connectWithLogin !== undefined
      ? await kind.connectWithLogin(url, settings)
      : kind.connect(url, settings);
  if (client.stream === undefined) throw new Error('This client has no streams.');
  const outcomes = new Outcomes(limitMs);
  const events = client.stream()[Symbol.asyncIterator]();
  for (let event = 0; event < count; event += 1) {
    let isOver = false;
    await outcomes.of(async () => {
      const { done } = await events.next();
      if (done !== true) return;
      isOver = true;
      throw new StreamEnded();
    });
    if (isOver || outcomes.hasFailed) break;
  }
  return outcomes.observed();
}

/** A stream ended as if all were said. */
class StreamEnded extends Error {
  override readonly name = 'ends, no error';
}

/** So many calls, some of them under way at the same time: milliseconds for all of them. */
async function rate(client: ProbedClient, { count, limitMs }: Probe): Promise<Observed> {
  const calls = async (total: number): Promise<void> => {
    let begun = 0;
    const lane = async () => {
      while (begun < total) {
        begun += 1;
        await client.get();
      }
    };
    await Promise.all(Array.from({ length: RATE_CONCURRENCY }, lane));
  };
  await calls(WARM_UP_CALLS);
  const outcomes = new Outcomes(limitMs);
  await outcomes.of(() => calls(count));
  return outcomes.observed();
}
