import Type from 'typebox';
import { defineTool } from '../define-tool.ts';
import type { Tool } from '../tool.ts';

/** Enqueues a run of a task; the same key gives the same run. Given by the composition root. */
export type RunTask = (
  taskId: string,
  params: Record<string, unknown> | null,
  idempotencyKey: string,
) => Promise<{ run_id: string; deduplicated: boolean }>;

/** Starts another task and answers at once; a repetition of the same step gives the same run. */
export const runNow = (runTask: RunTask): Tool =>
  defineTool({
    name: 'tasks.run_now',
    description: 'Starts a run of another task and answers its id without waiting for its end.',
    input: Type.Object(
      {
        task_id: Type.String({ minLength: 1, maxLength: 64 }),
        params: Type.Optional(
          Type.Record(Type.String(), Type.Unknown(), { description: 'Laid over the params of the task' }),
        ),
      },
      { additionalProperties: false },
    ),
    outputSchema: Type.Object({ run_id: Type.String(), deduplicated: Type.Boolean() }),
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
    scopes: ['tasks:run'],
    call: ({ task_id, params }, call) => runTask(task_id, params ?? null, call.idempotencyKey),
  });
