import {
  CreateScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  type SchedulerClientConfig,
  TagResourceCommand,
} from '@aws-sdk/client-scheduler';
import type { ClientKind, ClientSettings, ProbedClient } from '../probes/probed-client.ts';
import { probePart } from '../probes/run-probe.ts';

const ARN = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/probe';

/**
 * The AWS SDK, by its client of EventBridge Scheduler, which does what ours does: with its defaults 3 attempts, 50 sockets, no timeout.
 * A deadline is `requestTimeout`, which has to be told to throw, and `socketTimeout`, both for an attempt; there is none for a call. Its
 * login is a provider of credentials that expire in an hour. The key is that which it puts into `CreateSchedule` by itself; a POST without
 * one is `TagResource`.
 */
export const probedAwsStandard = probePart(import.meta.url, 'probedAwsStandard', kindOf('standard'));

/** The same with the retry mode `adaptive`, which limits its own rate when it is throttled. */
export const probedAwsAdaptive = probePart(import.meta.url, 'probedAwsAdaptive', kindOf('adaptive'));

function kindOf(retryMode: 'standard' | 'adaptive'): ClientKind {
  const connect = (
    endpoint: string,
    settings: ClientSettings,
    credentials: NonNullable<SchedulerClientConfig['credentials']>,
  ) => probed(new SchedulerClient({ region: 'us-east-1', endpoint, retryMode, credentials, ...timeoutOf(settings) }));
  return {
    connect: (url, settings) => connect(url, settings, { accessKeyId: 'id', secretAccessKey: 'secret' }),
    connectWithLogin: async (url, settings) =>
      connect(url, settings, async () => {
        const response = await fetch(`${url}/auth/token`, { method: 'POST' });
        const { access_token, expires_in } = (await response.json()) as { access_token: string; expires_in: number };
        return {
          accessKeyId: 'id',
          secretAccessKey: 'secret',
          sessionToken: access_token,
          expiration: new Date(Date.now() + expires_in * 1000),
        };
      }),
  };
}

const timeoutOf = ({ deadlineMs }: ClientSettings) =>
  deadlineMs === undefined
    ? {}
    : { requestHandler: { requestTimeout: deadlineMs, throwOnRequestTimeout: true, socketTimeout: deadlineMs } };

function probed(client: SchedulerClient): ProbedClient {
  return {
    get: ({ signal } = {}) =>
      client.send(new GetScheduleCommand({ Name: 'probe' }), signal === undefined ? {} : { abortSignal: signal }),
    post: (keyed) =>
      keyed
        ? client.send(
            new CreateScheduleCommand({
              Name: 'probe',
              ScheduleExpression: 'rate(1 hour)',
              FlexibleTimeWindow: { Mode: 'OFF' },
              Target: { Arn: ARN, RoleArn: ARN },
            }),
          )
        : client.send(new TagResourceCommand({ ResourceArn: ARN, Tags: [{ Key: 'a', Value: 'b' }] })),
  };
}
