import type { OrdinautClient, Task, TaskInput } from '@ordinaut/sdk';

/** Starts with each event `release.requested {version, environment}`, and asks before it releases. */
export const releaseTask: TaskInput = {
  title: 'automation-worker: release',
  schedule_kind: 'event',
  event_topic: 'release.requested',
  payload: {
    pipeline: [
      {
        id: 'ask',
        uses: 'approvals.request',
        with: {
          title: 'Release ${params.event.payload.version} to ${params.event.payload.environment}?',
          details: {
            version: '${params.event.payload.version}',
            environment: '${params.event.payload.environment}',
          },
        },
      },
      // What a real one does with http.request.
      {
        id: 'release',
        uses: 'core.echo',
        with: {
          released: '${params.event.payload.version}',
          environment: '${params.event.payload.environment}',
          comment: '${steps.ask.comment}',
        },
      },
    ],
  },
};

/** The task as it stands above: a new one, or the one of an earlier start of the worker. */
export async function ensureTask(client: OrdinautClient): Promise<Task> {
  for await (const task of client.tasks.list({ status: 'active', schedule_kind: 'event' }))
    if (task.title === releaseTask.title) return client.tasks.update(task.id, releaseTask);
  return client.tasks.create(releaseTask);
}
