import type { ApprovalQuestion, Decision, FinalRunStatus, RunError, RunTrigger } from '@ordinaut/contract';

/**
 * The run queue.
 *
 *            enqueue                     claim                          settle: finish
 *   (none) ----------> queued (ready) ----------> running ------------------------------> history
 *                        |   ^   ^                 |  |  |
 *          key is held:  v   |   |  wake           |  |  | settle: retry   -> queued, wakes later
 *                      blocked   +-----------------+  |  + settle: park    -> waiting, wakes later or when answered
 *                                 lease expired       + settle: release -> queued (ready), the attempt goes on
 *
 * Every write of a worker carries the fence it got with the claim; when the run has been claimed again since, the write
 * changes nothing and the answer says so.
 *
 * A run that is parked may ask something (see `approvals`): the question is stored in the transaction that parks it, and is answered,
 * expires or is canceled in the one that makes the run ready or ends it. So a waiting run has its question, and no other has one.
 *
 * Every change of a run notes its event (`run.started`, `run.succeeded` …) in the same transaction; see `EventLog`.
 */
export interface RunQueue {
  /** Stores runs; one whose dedupe window is open gives the run that opened it instead. */
  enqueue(runs: readonly NewRun[]): Promise<Enqueued[]>;
  /** Takes up to `limit` ready runs: highest priority first, then the oldest. */
  claim(lease: Lease, limit: number): Promise<ClaimedRun[]>;
  /** Stores finished steps. An item answers false when its fence is stale. */
  checkpoint(items: readonly Checkpoint[]): Promise<boolean[]>;
  /** Ends, delays, parks or hands back runs. An item answers false when its fence is stale. */
  settle(items: readonly Settlement[]): Promise<boolean[]>;
  /** Answers what a waiting run asks, and makes it ready. False: it does not wait for this answer any more. */
  decide(order: DecisionOrder): Promise<boolean>;
  /** Makes ready what was to wake by `now`, which ends what was asked until then; answers when the next one wakes. */
  wake(now: number): Promise<{ woken: number; nextAt: number | null }>;
  /** Cancels a live run: at once when nobody runs it, otherwise by asking its worker. Null: there is no such live run. */
  cancel(runId: string, now: number): Promise<'canceled' | 'requested' | null>;
  /** Runs of a lease that somebody wants to end. */
  cancelRequests(leaseId: string): Promise<string[]>;
  openLease(owner: string): Promise<Lease>;
  /** False: the lease is gone, and with it every run claimed under it. */
  renewLease(lease: Lease): Promise<boolean>;
  closeLease(lease: Lease): Promise<void>;
  /** Gives back the runs of workers that died; answers how many. */
  reclaimExpired(except: string | null): Promise<number>;
}

export const LEASE_MS = 60_000;

export interface Lease {
  readonly id: string;
  readonly owner: string;
}

export interface NewRun {
  readonly id: string;
  readonly taskId: string;
  readonly revision: number;
  readonly trigger: RunTrigger;
  readonly nominalAt: number | null;
  readonly priority: number;
  /** JSON object laid over the params of the task. */
  readonly params: string | null;
  readonly concurrencyKey: string | null;
  readonly dedupe: { readonly key: string; readonly windowMs: number } | null;
  readonly retryOf: string | null;
  /** Checkpoints of the run this one repeats, as JSON. */
  readonly checkpoints: readonly string[];
  readonly createdAt: number;
  /** Runs started by events that led to this one, itself included; default 0. */
  readonly chain?: number;
}

export interface Enqueued {
  /** The run that now stands for the request. */
  readonly id: string;
  readonly deduplicated: boolean;
}

export interface ClaimedRun {
  readonly id: string;
  readonly taskId: string;
  readonly revision: number;
  readonly trigger: RunTrigger;
  readonly nominalAt: number | null;
  readonly attempt: number;
  readonly params: string | null;
  readonly fence: number;
  readonly reclaims: number;
  readonly cancelRequested: boolean;
  readonly startedAt: number;
  readonly concurrencyKey: string | null;
  /** Step records as JSON, in order. */
  readonly checkpoints: readonly string[];
  /** See `NewRun`. */
  readonly chain: number;
}

export interface Checkpoint {
  readonly runId: string;
  readonly fence: number;
  /** Place of the record among the records of the run, from 0; a waiting record is replaced by the finished one. */
  readonly seq: number;
  readonly step: string;
}

interface Fenced {
  readonly runId: string;
  readonly fence: number;
}

export type Settlement =
  | (Fenced & {
      readonly kind: 'finish';
      readonly status: FinalRunStatus;
      readonly error: string | null;
      readonly output: string | null;
      /** All step records, a JSON list. */
      readonly steps: string;
      readonly finishedAt: number;
      /** As claimed: whom to count it for. */
      readonly taskId: string;
      readonly startedAt: number;
      /** As claimed: the key the run holds, which goes to the next in line. */
      readonly concurrencyKey: string | null;
      /** Whether checkpoints of it are stored, which the record replaces. */
      readonly checkpointed: boolean;
      /** As claimed; default 0. */
      readonly chain?: number;
    })
  | (Fenced & { readonly kind: 'retry'; readonly wakeAt: number; readonly error: string })
  | (Fenced & {
      readonly kind: 'park';
      readonly wakeAt: number;
      readonly seq: number;
      readonly step: string;
      /** What is asked; absent where nothing is, or where it was asked before. */
      readonly asks?: AskedQuestion;
    })
  | (Fenced & { readonly kind: 'release' });

/** A question that a run waits for the answer of, until `expiresAt`. */
export interface AskedQuestion {
  readonly stepId: string;
  readonly question: ApprovalQuestion;
  readonly askedAt: number;
  readonly expiresAt: number;
}

export interface DecisionOrder {
  readonly approvalId: string;
  readonly runId: string;
  readonly decision: Decision;
  /** Null: nobody who is known. */
  readonly decidedBy: string | null;
  readonly comment: string | null;
  readonly now: number;
}

/** The error of a run that somebody ended. */
export const CANCELED: RunError = { code: 'canceled', message: 'The run was canceled.', step_id: null };

/** UTC days since 1970, the unit of the statistics. */
export const dayOf = (epochMs: number): number => Math.floor(epochMs / 86_400_000);
