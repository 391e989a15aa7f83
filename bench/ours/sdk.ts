import { OrdinautClient } from '@ordinaut/sdk';
import type { CallOptions, ClientSettings, ProbedClient } from '../probes/probed-client.ts';
import { probePart } from '../probes/run-probe.ts';

const ID = '01a215be-1ebd-72a9-8da7-9c88c49b7842';

/**
 * Ours, with its defaults: 3 attempts, a budget of 10 retries, circuits, 50 requests at once, 15 s an attempt and 60 s a call, answers
 * checked by the contract. A deadline is `timeoutMs`. A POST with a key is `events.publish`, which gets one by itself; one without is
 * `agents.createCredentials`, which the contract says may be sent once.
 */
export const probedOrdinaut = probePart(import.meta.url, 'probedOrdinaut', {
  connect: (baseUrl, settings) => probed(new OrdinautClient({ baseUrl, ...circuitOf(settings) }), settings),
  connectWithLogin: async (baseUrl, settings) =>
    probed(
      new OrdinautClient({ baseUrl, username: 'ada', password: 'correct horse', ...circuitOf(settings) }),
      settings,
    ),
});

const circuitOf = ({ withoutCircuit }: ClientSettings) =>
  withoutCircuit === true ? ({ circuit: false } as const) : {};

function probed(client: OrdinautClient, { deadlineMs, silenceMs }: ClientSettings): ProbedClient {
  const deadline = deadlineMs === undefined ? {} : { timeoutMs: deadlineMs };
  return {
    get: (options: CallOptions = {}) => client.system.mode({ ...deadline, ...options }),
    post: (keyed) =>
      keyed ? client.events.publish({ topic: 'a.b', payload: null }) : client.agents.createCredentials(ID),
    stream: () => client.events.subscribe('a.*', silenceMs === undefined ? {} : { silenceMs }),
  };
}
