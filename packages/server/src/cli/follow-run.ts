import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { paintStatus, text } from './output.ts';
import { messagesOf } from './sse-messages.ts';

const finalStatuses = ['succeeded', 'failed', 'canceled'];

/** Attempts to get a broken stream back before giving up, a second apart. */
const RECONNECTS = 5;

/**
 * Follows a run and writes a line for each step, until it is over. A stream that breaks is taken up again where it ended.
 *
 * @returns the run as it ended.
 * @throws CliError as the client; `unreachable` where the stream breaks again and again.
 */
export async function followRun(id: string, { client, output }: CommandContext): Promise<Record<string, unknown>> {
  let lastEventId: string | null = null;
  for (let failures = 0; failures <= RECONNECTS; failures += 1) {
    if (failures > 0) await delay(1000);
    try {
      const response = await client.open(`/runs/${encodeURIComponent(id)}/stream`, {
        headers: { accept: 'text/event-stream', ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
        signal: new AbortController().signal,
      });
      for await (const message of messagesOf(response)) {
        failures = 0;
        lastEventId = message.id ?? lastEventId;
        const data: unknown = JSON.parse(message.data);
        if (!isRecord(data)) continue;
        // A person is told of a step once, when it has ended; a program is told everything.
        if (message.event === 'step' && (output.json || data.status !== 'running')) {
          output.event({ event: 'step', ...data }, () => stepLine(data, output.color));
        }
        if (message.event === 'run') {
          if (!output.json && data.status === 'waiting') {
            const approval = await approvalOf(id, client);
            output.event(data, () => output.color.dim(waitingLine(data, approval)));
          }
          if (finalStatuses.includes(text(data.status))) return data;
        }
      }
    } catch (error) {
      // The first connection tells what is wrong; a later one is tried again.
      if (error instanceof CliError && (lastEventId === null || error.exitCode !== exitCodes.unreachable)) throw error;
    }
  }
  throw new CliError(exitCodes.unreachable, `The connection to ${client.url} broke while following run ${id}.`);
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
  const run = await client.request('GET', `/runs/${encodeURIComponent(id)}`);
  const steps = isRecord(run) && Array.isArray(run.steps) ? run.steps.filter(isRecord) : [];
  const waiting = steps.find((step) => step.status === 'waiting');
  return typeof waiting?.approval_id === 'string' ? waiting.approval_id : null;
}

/** `  120 ms`, or nothing for what has not ended. */
export function durationOf({ started_at: from, finished_at: to }: Record<string, unknown>): string {
  if (typeof from !== 'string' || typeof to !== 'string') return '';
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 1000 ? `  ${ms} ms` : `  ${(ms / 1000).toFixed(1)} s`;
}
