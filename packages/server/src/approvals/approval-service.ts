import { type Approval, type ApprovalListQuery, type Decision, DecisionInput, type Page } from '@ordinaut/contract';
import type { Caller } from '../identity/caller.ts';
import { type Clock, toIso } from '../kernel/clock.ts';
import { type ApiError, badRequest, conflict, notFound } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import type { ApprovalRow } from '../storage/approval-row.ts';
import type { Store } from '../storage/store.ts';
import { ApprovalRepository } from './approval-repository.ts';
import { toApproval } from './approval-resource.ts';
import { assertMayDecide } from './approvers.ts';

const checkDecision = lazyCheck(DecisionInput);

/** What runs ask of people, and the answers. */
export class ApprovalService {
  readonly #store: Store;
  readonly #approvals: ApprovalRepository;
  readonly #clock: Clock;

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store;
    this.#approvals = new ApprovalRepository(deps.store);
    this.#clock = deps.clock;
  }

  async list(query: ApprovalListQuery): Promise<Page<Approval>> {
    const page = await this.#approvals.list(query);
    return { ...page, items: page.items.map(toApproval) };
  }

  async get(id: string): Promise<Approval> {
    return toApproval(await this.#find(id));
  }

  /**
   * Approves or rejects, for good. The same decision by the same person again changes nothing and gives the first one.
   *
   * @param input is undefined where the request has no body.
   * @throws ApiError `forbidden` where others have to decide, `conflict` where it is decided otherwise, expired or canceled.
   */
  async decide(id: string, decision: Decision, input: unknown, by: Caller): Promise<Approval> {
    const issues = input === undefined ? [] : checkDecision(input);
    if (issues.length > 0) throw badRequest(issues);
    const { comment } = (input ?? {}) as DecisionInput;
    const asked = await this.#find(id);
    assertMayDecide(asked, by);
    if (asked.status === 'pending') await this.#settle(asked, decision, comment?.trim() || null, by);
    const row = await this.#find(id);
    if (row.status === decision && row.decided_by === by.principal) return toApproval(row);
    throw refusal(row);
  }

  async #settle({ id, run_id, expires_at }: ApprovalRow, decision: Decision, comment: string | null, by: Caller) {
    const { queue } = this.#store;
    const now = this.#clock.now();
    // Nobody may have come to end it in time; with a decision now it would have two ends.
    if (expires_at <= now) await queue.wake(now);
    else await queue.decide({ approvalId: id, runId: run_id, decision, decidedBy: by.principal, comment, now });
  }

  async #find(id: string): Promise<ApprovalRow> {
    const row = await this.#approvals.find(id);
    if (row === undefined) throw notFound('approval', id);
    return row;
  }
}

function refusal({ id, run_id, status, decided_by, decided_at }: ApprovalRow): ApiError {
  const at = decided_at === null ? null : toIso(decided_at);
  return conflict(`Approval ${id} ${fates[status](decided_by ?? 'somebody', at)}`, {
    status,
    run_id,
    decided_by,
    decided_at: at,
  });
}

const fates: Record<ApprovalRow['status'], (who: string, at: string | null) => string> = {
  // Its run is being parked or ended at this moment.
  pending: () => 'cannot be decided at this moment; try again.',
  approved: (who, at) => `was approved by ${who} at ${at}; a decision is final.`,
  rejected: (who, at) => `was rejected by ${who} at ${at}; a decision is final.`,
  expired: (_, at) => `expired at ${at}: nobody had answered by then.`,
  canceled: (_, at) => `was canceled with its run at ${at}.`,
};
