import type { FinalRunStatus, RunError, StepRecord } from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { isUnavailable, messageOf, RunFailure } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type ExecutionDeps, type ExecutionOutcome, executePipeline } from '../pipeline/executor.ts';
import { CANCELED, type Checkpoint, type ClaimedRun, type Settlement } from '../storage/run-queue.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { backoffMs } from './backoff.ts';
import type { Revision, Revisions } from './revisions.ts';
import type { RunFeed } from './run-feed.ts';

/** After so many deaths of its worker a run is taken for the cause of them. */
const MAX_RECLAIMS = 10;
const MAX_OUTPUT_BYTES = 1_048_576;

/** Why a run is stopped from outside: the reason its signal carries. */
export type StopReason = 'cancel' | 'drain' | 'lease_lost';

export interface ExecutionRoom {
  readonly revisions: Revisions;
  readonly tools: ToolRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly feed: RunFeed;
  readonly answerTo: ExecutionDeps['answerTo'];
  /** Stores a finished step; false: the run is no longer ours. */
  checkpoint(item: Checkpoint): Promise<boolean>;
}

/** The run was taken over by another worker: what was done since is not ours to write. */
class StaleFence extends Error {}

/** What of a run is stored while it is executed: records in order, the next place among them. */
interface Progress {
  readonly records: StepRecord[];
  seq: number;
}

/** Executes a claimed run as far as it goes now. Null: it is no longer ours. */
export async function executeRun(
  run: ClaimedRun,
  signal: AbortSignal,
  room: ExecutionRoom,
): Promise<Settlement | null> {
  const records = run.checkpoints.map(parseRecord);
  const progress: Progress = { records, seq: storedCount(records) };
  if (run.cancelRequested) return finish(run, room, progress, 'canceled', CANCELED, null, records);
  if (run.reclaims > MAX_RECLAIMS) {
    const failure = new RunFailure('worker_lost', `The process that ran it ended ${run.reclaims} times before it did.`);
    return finish(run, room, progress, 'failed', failure.toRunError(), null, records);
  }
  try {
    const revision = await room.revisions.get(run);
    return settle(run, revision, await execute(run, revision, progress, signal, room), signal, room, progress);
  } catch (error) {
    if (error instanceof StaleFence) return null;
    // The database could not be asked: that is no fault of the run, which goes back as it was.
    if (isUnavailable(error)) return { kind: 'release', runId: run.id, fence: run.fence };
    const failure =
      error instanceof RunFailure ? error : new RunFailure('tool_failed', messageOf(error), { cause: error });
    if (!(error instanceof RunFailure))
      room.logger.error({ err: error, run_id: run.id }, 'a run failed outside its steps');
    return finish(run, room, progress, 'failed', failure.toRunError(), null, progress.records);
  }
}

/** The end of a run whose own end could not be stored for what is in it. */
export function failedSettlement(settlement: Extract<Settlement, { kind: 'finish' }>, reason: string): Settlement {
  const failure = new RunFailure('output_invalid', `The result could not be stored: ${reason}`);
  return { ...settlement, status: 'failed', error: JSON.stringify(failure.toRunError()), output: null, steps: '[]' };
}

function execute(
  run: ClaimedRun,
  revision: Revision,
  progress: Progress,
  signal: AbortSignal,
  room: ExecutionRoom,
): Promise<ExecutionOutcome> {
  const { tools, clock, random, logger, feed } = room;
  return executePipeline(
    {
      runId: run.id,
      taskId: run.taskId,
      attempt: run.attempt,
      trigger: run.trigger,
      nominalTime: run.nominalAt,
      startedAt: run.startedAt,
      params: run.params === null ? revision.params : { ...revision.params, ...(JSON.parse(run.params) as object) },
      pipeline: revision.pipeline,
      checkpoints: run.checkpoints.length === 0 ? [] : [...progress.records],
      signal,
    },
    {
      tools,
      clock,
      random,
      logger,
      principal: revision.author,
      scopes: revision.scopes,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      answerTo: room.answerTo,
      async checkpoint(record) {
        const seq = progress.seq++;
        const ours = await room.checkpoint({ runId: run.id, fence: run.fence, seq, step: JSON.stringify(record) });
        if (!ours) throw new StaleFence();
        progress.records[seq] = record;
      },
      onStep(record) {
        if (feed.followed(run.id)) feed.tell(run.id, { step: record });
      },
    },
  );
}

function settle(
  run: ClaimedRun,
  revision: Revision,
  outcome: ExecutionOutcome,
  signal: AbortSignal,
  room: ExecutionRoom,
  progress: Progress,
): Settlement | null {
  const { id: runId, fence } = run;
  switch (outcome.kind) {
    case 'succeeded':
      return finish(run, room, progress, 'succeeded', null, outcome.output, outcome.steps);
    case 'failed': {
      if (!outcome.retryable || run.attempt > revision.maxRetries) {
        return finish(run, room, progress, 'failed', outcome.error, null, outcome.steps);
      }
      const wakeAt = room.clock.now() + backoffMs(revision.backoff, run.attempt, room.random());
      return { kind: 'retry', runId, fence, wakeAt, error: JSON.stringify(outcome.error) };
    }
    case 'parked': {
      const stored = outcome.steps.filter((step) => step.status !== 'skipped');
      const step = stored.at(-1)!;
      const { wakeAt, asks: question } = outcome;
      const park = { kind: 'park', runId, fence, wakeAt, seq: stored.length - 1, step: JSON.stringify(step) } as const;
      if (question === null) return park;
      return { ...park, asks: { stepId: step.id, question, askedAt: room.clock.now(), expiresAt: wakeAt } };
    }
    case 'aborted':
      switch (signal.reason as StopReason) {
        case 'cancel':
          return finish(run, room, progress, 'canceled', CANCELED, null, outcome.steps);
        case 'drain':
          return { kind: 'release', runId, fence };
        default:
          return null;
      }
  }
}

function finish(
  run: ClaimedRun,
  { clock }: ExecutionRoom,
  progress: Progress,
  status: FinalRunStatus,
  error: RunError | null,
  output: unknown,
  steps: readonly StepRecord[],
): Settlement {
  return {
    kind: 'finish',
    runId: run.id,
    fence: run.fence,
    status,
    error: error === null ? null : JSON.stringify(error),
    output: output === null || output === undefined ? null : JSON.stringify(output),
    steps: JSON.stringify(steps),
    finishedAt: clock.now(),
    taskId: run.taskId,
    startedAt: run.startedAt,
    concurrencyKey: run.concurrencyKey,
    checkpointed: run.checkpoints.length > 0 || progress.seq > 0,
    chain: run.chain,
  };
}

const parseRecord = (text: string): StepRecord => JSON.parse(text) as StepRecord;

/** Records that stay: a waiting one at the end is replaced when it is finished. */
const storedCount = (records: readonly StepRecord[]): number =>
  records.length - (records.at(-1)?.status === 'waiting' ? 1 : 0);
