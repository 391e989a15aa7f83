import type { CommandContext } from './command-context.ts';
import { isRecord } from './is-record.ts';
import { watching } from './live-view.ts';
import { paintStatus, text } from './output.ts';

/**
 * Follows a run and writes a line for each step, until it is over. A stream that breaks is taken up again where it ended.
 *
 * @returns the run as it ended.
 * @throws OrdinautError as the client.
 */
export async function followRun(id: string, { client, output }: CommandContext): Promise<Record<string, unknown>> {
  let last: Record<string, unknown> = {};
  for await (const item of client.runs.stream(id, watching())) {
    if (item.type === 'gap' || !isRecord(item.data)) continue;
    const { name, data } = item;
    // A person is told of a step once, when it has ended; a program is told everything.
    if (name === 'step' && (output.json || data.status !== 'running')) {
      output.event({ event: 'step', ...data }, () => stepLine(data, output.color));
    }
    if (name !== 'run') continue;
    last = data;
    if (output.json || data.status !== 'waiting') continue;
    const approval = await approvalOf(id, client);
    output.event(data, () => output.color.dim(waitingLine(data, approval)));
  }
  return last;
}

function stepLine(step: Record<string, unknown>, color: CommandContext['output']['color']): string {
  const error = isRecord(step.error) ? `  ${color.red(text(step.error.message))}` : '';
  return `${paintStatus(step.status, color).padEnd(9)}  ${text(step.id)}  ${color.dim(text(step.uses))}${color.dim(durationOf(step))}${error}`;
}

function waitingLine({ wake_at }: Record<string, unknown>, approval: string | null): string {
  const until = wake_at ? ` until ${text(wake_at)}` : '';
  if (approval === null) return `waiting${until}`;
  return `waiting${until} for approval ${approval}; answer it with: ordinaut approval approve ${approval}`;
}

/** The approval that a run waits for; null where it waits for something else, or no longer. */
async function approvalOf(id: string, client: CommandContext['client']): Promise<string | null> {
  // The run is followed also where this cannot be had at the moment.
  const steps = await client.runs.get(id).then(
    (run) => run.steps,
    () => [],
  );
  const waiting = steps.find(({ status }) => status === 'waiting');
  return typeof waiting?.approval_id === 'string' ? waiting.approval_id : null;
}

/** `  120 ms`, or nothing for what has not ended. */
export function durationOf({ started_at: from, finished_at: to }: Record<string, unknown>): string {
  if (typeof from !== 'string' || typeof to !== 'string') return '';
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 1000 ? `  ${ms} ms` : `  ${(ms / 1000).toFixed(1)} s`;
}
