import { probedOrdinaut } from '../ours/sdk.ts';
import { probedAwsAdaptive, probedAwsStandard } from '../peers/aws-sdk.ts';
import { probedKy } from '../peers/ky.ts';
import { probedOpenai } from '../peers/openai.ts';
import { probedUndici } from '../peers/undici.ts';

/** The clients that are probed, ours first. */
export const sides = {
  ours: {
    part: probedOrdinaut,
    defaults: '3 attempts, a budget of 10 retries, circuits, 50 requests at once, 15 s an attempt and 60 s a call',
    deadline: 'timeoutMs, of the call',
    login: 'username and password',
    key: 'events.publish, which has one by itself; without: agents.createCredentials',
  },
  openai: {
    part: probedOpenai,
    defaults: '3 attempts, 10 min an attempt',
    deadline: 'timeout, of an attempt',
    login: 'workloadIdentity; its fixed address is led to the probe server by the option fetch',
    key: 'the request option idempotencyKey',
  },
  'aws standard': {
    part: probedAwsStandard,
    defaults: 'retryMode standard, 3 attempts, a budget of 500, 50 sockets, no timeout',
    deadline: 'requestTimeout with throwOnRequestTimeout, and socketTimeout, of an attempt',
    login: 'a provider of credentials with their expiration',
    key: 'CreateSchedule, which has one by itself; without: TagResource',
  },
  'aws adaptive': {
    part: probedAwsAdaptive,
    defaults: 'retryMode adaptive, otherwise the same',
    deadline: 'the same',
    login: 'the same',
    key: 'the same',
  },
  ky: {
    part: probedKy,
    defaults: '3 attempts, none again for POST, 10 s an attempt',
    deadline: 'totalTimeout, of the call',
    login: 'the afterResponse hook for 401 of its documentation',
    key: 'a header Idempotency-Key',
  },
  undici: {
    part: probedUndici,
    defaults: 'RetryAgent, 6 attempts, none again for POST, 300 s until the headers and between pieces of a body',
    deadline: 'headersTimeout and bodyTimeout, of an attempt',
    login: 'none',
    key: 'a header Idempotency-Key',
  },
} as const;

export type SideName = keyof typeof sides;
export const sideNames = Object.keys(sides) as readonly SideName[];
export type PeerName = Exclude<SideName, 'ours'>;
export const peerNames = sideNames.filter((name): name is PeerName => name !== 'ours');
