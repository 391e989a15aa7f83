import { join } from 'node:path';
import { AlertService } from '../alerts/alert-service.ts';
import { registerAlertTools } from '../alerts/alert-tools.ts';
import { addApprovalMetrics } from '../approvals/approval-metrics.ts';
import { requestApproval } from '../approvals/request-approval.ts';
import type { Config } from '../config/settings.ts';
import { EventApi } from '../events/event-api.ts';
import { EventService } from '../events/event-service.ts';
import { registerEventTools } from '../events/event-tools.ts';
import { openStreams } from '../events/open-streams.ts';
import { HandlerService } from '../handlers/handler-service.ts';
import { openIdentity } from '../identity/open-identity.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { GuardedHttpClient } from '../outgoing/guarded-client.ts';
import { Revisions } from '../runs/revisions.ts';
import { RunFeed } from '../runs/run-feed.ts';
import { addRunMetrics } from '../runs/run-metrics.ts';
import { RunService } from '../runs/run-service.ts';
import { registerRunTools } from '../runs/run-tools.ts';
import { SecretStore } from '../secrets/secret-store.ts';
import { openStore } from '../storage/open-store.ts';
import type { Store } from '../storage/store.ts';
import { EventTriggers } from '../tasks/event-triggers.ts';
import { TaskService } from '../tasks/task-service.ts';
import { registerTaskTools } from '../tasks/task-tools.ts';
import { registerBuiltinTools } from '../tools/builtin/register.ts';
import { ToolRegistry } from '../tools/registry.ts';
import type { Room } from './room.ts';

export type Core = Awaited<ReturnType<typeof openCore>>;

/** What can be done on this server, without the ways in: the store, the services over it, and the tools. */
export async function openCore({ config, clock, logger, instance }: Room) {
  const store = await openConfiguredStore(config, { clock, logger, name: instance });
  const metrics = new Metrics();
  addRunMetrics(metrics, store);
  addApprovalMetrics(metrics, store);
  const tools = new ToolRegistry();
  const http = new GuardedHttpClient({ allow: config.engine.httpAllow });
  const feed = new RunFeed();
  const revisions = new Revisions(store);
  const tasks = new TaskService({ store, tools, clock });
  const runs = new RunService({ store, revisions, feed, clock });
  const secrets = new SecretStore({
    store,
    clock,
    key: config.security.encryptionKey,
    keyFile: join(config.storage.dataDir, 'encryption.key'),
  });
  const identity = openIdentity(config, { store, clock, logger });
  const alerts = new AlertService({ store, clock, onSubmitted: (outcome) => metrics.alert(outcome) });
  const handlers = new HandlerService({ store, tools, clock });
  const streams = await openStreams({
    store,
    redisUrl: config.storage.redisUrl,
    trigger: new EventTriggers({ store, clock, logger }),
    clock,
    logger,
    instance,
  });
  const events = new EventService(streams);
  const eventApi = new EventApi({ streams: events, clock });

  registerBuiltinTools(tools, { clock, http, runTask: (id, params, key) => tasks.runOnce(id, params, key) });
  registerTaskTools(tools, { tasks, clock });
  registerRunTools(tools, runs);
  registerEventTools(tools, { events: eventApi, store });
  registerAlertTools(tools, { alerts, store });
  tools.register(requestApproval({ store, clock }));
  return {
    store,
    metrics,
    tools,
    http,
    feed,
    revisions,
    tasks,
    runs,
    secrets,
    identity,
    alerts,
    handlers,
    streams,
    events,
    eventApi,
  };
}

/** @param by.name as the database shows it. */
export const openConfiguredStore = (
  { storage }: Pick<Config, 'storage'>,
  by: { readonly clock: Clock; readonly logger: Logger; readonly name: string },
): Promise<Store> =>
  openStore({
    databaseUrl: storage.databaseUrl,
    directory: storage.dataDir,
    poolSize: storage.databasePool,
    ...by,
  });
