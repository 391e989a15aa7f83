import { Agent, type Dispatcher, EventSource, RetryAgent, request } from 'undici';
import type { ClientSettings, ProbedClient } from '../probes/probed-client.ts';
import { probePart } from '../probes/run-probe.ts';

/**
 * The `RetryAgent` of undici with its defaults: 5 retries, not for POST; 300 s until the headers, and 300 s between two pieces of a body. A
 * deadline is both of them, and there is none for a call. It has no login. A key is a header that one gives. A stream is its `EventSource`.
 */
export const probedUndici = probePart(import.meta.url, 'probedUndici', {
  connect: (url, settings) => probed(new RetryAgent(new Agent(timeoutsOf(settings))), url),
});

/** Its `request` alone, without retries: the least that a request costs. */
export const bareUndici = probePart(import.meta.url, 'bareUndici', { connect: (url) => probed(new Agent(), url) });

const timeoutsOf = ({ deadlineMs }: ClientSettings): Agent.Options =>
  deadlineMs === undefined ? {} : { headersTimeout: deadlineMs, bodyTimeout: deadlineMs };

function probed(dispatcher: Dispatcher, url: string): ProbedClient {
  const send = async (options: NonNullable<Parameters<typeof request>[1]>) => {
    const { statusCode, body } = await request(`${url}/probe`, { ...options, dispatcher });
    const answer = await body.json();
    if (statusCode >= 400) throw new Error(`The answer is ${statusCode}.`);
    return answer;
  };
  return {
    get: ({ signal } = {}) => send(signal === undefined ? {} : { signal }),
    post: (keyed) =>
      send({
        method: 'POST',
        body: '{}',
        headers: {
          'content-type': 'application/json',
          ...(keyed && { 'idempotency-key': crypto.randomUUID() }),
        },
      }),
    stream: () => eventsOf(`${url}/probe`),
  };
}

/** An `EventSource` will not connect again. */
class GivenUp extends Error {
  override readonly name = 'gives up';
}

/** The events of an `EventSource`, until it says that it has given up. */
async function* eventsOf(url: string): AsyncGenerator<unknown, void> {
  // It says of itself that it is experimental, in the middle of the output.
  process.removeAllListeners('warning');
  const source = new EventSource(url);
  const events: unknown[] = [];
  let wake = Promise.withResolvers<void>();
  const tell = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  source.addEventListener('event', (event) => {
    events.push(event);
    tell();
  });
  source.addEventListener('error', tell);
  while (true) {
    if (events.length > 0) yield events.shift();
    else if (source.readyState === source.CLOSED) throw new GivenUp();
    else await wake.promise;
  }
}
