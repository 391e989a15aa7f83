import { unavailable } from '../kernel/errors.ts';
import type { HealthBoard } from '../kernel/health.ts';
import type { Service } from '../kernel/service.ts';
import { executionStatus } from '../runs/run-metrics.ts';
import { Worker } from '../runs/worker.ts';
import { Scheduler } from '../tasks/scheduler.ts';
import { addSchedulerMetrics } from '../tasks/scheduler-metrics.ts';
import type { Core } from './open-core.ts';
import type { Room } from './room.ts';

/** What fires tasks and runs their pipelines, as far as the roles of this process ask for it. */
export function openEngine(
  { config, clock, random, logger, instance }: Room,
  core: Core,
  health: HealthBoard,
): Service[] {
  const { engine } = config;
  const { store, tools, revisions, feed, metrics } = core;
  const services: Service[] = [];
  if (engine.roles.includes('scheduler')) {
    const scheduler = new Scheduler({ store, clock, logger });
    health.add('scheduler', () => `last fire was ${scheduler.lateness()} ms late`, { vital: false });
    addSchedulerMetrics(metrics, scheduler);
    services.push(scheduler);
  }
  if (engine.roles.includes('worker')) {
    const worker = new Worker({
      store,
      tools,
      revisions,
      feed,
      clock,
      random,
      logger,
      owner: instance,
      concurrency: engine.workerConcurrency,
      drainMs: engine.drainSeconds * 1000,
      onFinished: (status) => metrics.taskExecution(executionStatus(status)),
    });
    health.add('worker', () => workerState(worker), { vital: false });
    services.push(worker);
  }
  return services;
}

function workerState(worker: Worker): string {
  if (!worker.healthy) throw unavailable('The worker cannot reach the queue.');
  return `${worker.executing} runs under way`;
}
