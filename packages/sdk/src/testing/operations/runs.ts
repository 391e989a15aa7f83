import type { Run, RunSummary } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import { isAsked, pageOf } from '../page.ts';
import type { SseMessage } from '../sse.ts';
import { conflict } from '../test-error.ts';
import { found } from './find.ts';
import { finishRun, isOver, latestOf, startRun, statsOf, summaryOf } from './run-life.ts';

const summary = ({ steps: _steps, ...run }: Run, withErrors = true): RunSummary =>
  withErrors || run.error === null ? run : { ...run, error: { ...run.error, message: '' } };

/** Tells the finished steps and what the run is, as it changes; the id is `<attempt>-<steps told>`, as on the server. */
async function* follow(
  { state }: World,
  id: string,
  lastEventId: string | null,
  signal: AbortSignal,
): AsyncGenerator<SseMessage> {
  let told = Number(/^\d+-(\d{1,4})$/.exec(lastEventId ?? '')?.[1] ?? 0);
  let shown = '';
  const changes = state.events.follow(null, signal);
  // Each change of a run is an event of the core: so that none is missed, it is listened to before the run is looked at.
  let change = changes.next();
  for (;;) {
    const run = found(state.runs, 'run', id);
    for (const step of run.steps.slice(told)) {
      told += 1;
      yield { event: 'step', id: `${run.attempt}-${told}`, data: step };
    }
    if (run.status !== shown) yield { event: 'run', id: `${run.attempt}-${told}`, data: summary(run) };
    shown = run.status;
    if (isOver(run) || (await change).done === true) return;
    change = changes.next();
  }
}

export const runHandlers: Handlers<'runs'> = {
  'runs.list': ({ world, query }) => {
    const { task_id, status, success, start_time, end_time, include_errors } = query;
    const page = pageOf(
      [...world.state.runs.values()].filter(
        (run) =>
          isAsked(task_id, run.task_id) &&
          isAsked(status, run.status) &&
          isAsked<boolean | null>(success, run.success) &&
          (start_time === undefined || Date.parse(run.created_at) >= Date.parse(start_time)) &&
          (end_time === undefined || Date.parse(run.created_at) < Date.parse(end_time)),
      ),
      query,
    );
    return { ...page, items: page.items.map((run) => summary(run, include_errors)) };
  },
  'runs.summary': ({ world, query }) => summaryOf(world, query.days),
  'runs.get': ({ world, params }) => found(world.state.runs, 'run', params.id),
  'runs.cancel': ({ world, params: { id } }) => {
    const run = found(world.state.runs, 'run', id);
    if (run.status === 'canceled')
      return { success: true, message: 'The run is already canceled.', details: { run_id: id, status: run.status } };
    if (!finishRun(world, id, { status: 'canceled' }))
      throw conflict(`Run ${id} is over (${run.status}); it cannot be canceled.`, { status: run.status });
    return { success: true, message: 'The run is canceled.', details: { run_id: id, status: 'canceled' } };
  },
  'runs.retry': ({ world, params: { id } }) => {
    const run = found(world.state.runs, 'run', id);
    if (run.status !== 'failed' && run.status !== 'canceled')
      throw conflict(`Run ${id} is ${run.status}; only a failed or canceled run can be retried.`, {
        status: run.status,
      });
    const task = found(world.state.tasks, 'task', run.task_id);
    const retried = startRun(world, task, { trigger: 'api', params: run.params, retryOf: id });
    const kept_steps = run.steps.filter(({ status }) => status === 'succeeded').length;
    const details = { run_id: retried.run.id, retry_of: id, kept_steps };
    return { success: true, message: 'A new run is queued that goes on where this one ended.', details };
  },
  'runs.stream': ({ world, params, lastEventId }) => {
    found(world.state.runs, 'run', params.id);
    return (signal) => follow(world, params.id, lastEventId, signal);
  },
  'runs.latest_of_task': ({ world, params }) => latestOf(world, params.task_id),
  'runs.stats_of_task': ({ world, params, query }) => statsOf(world, params.task_id, query.days),
};
