import Type, { type Static } from 'typebox';
import { Id, Instant, JsonObject, Nullable, PageQuery } from './common.ts';

/**
 *     pending --> approved | rejected    by a person or a program that may
 *             --> expired                when nobody has answered in time
 *             --> canceled               with its run
 */
export const approvalStatuses = ['pending', 'approved', 'rejected', 'expired', 'canceled'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];
export type Decision = Extract<ApprovalStatus, 'approved' | 'rejected'>;

/** What becomes of the step when it is rejected. */
export const rejectionEffects = ['fail', 'continue'] as const;
export type RejectionEffect = (typeof rejectionEffects)[number];
/** What becomes of the step when nobody answers in time. */
export const expiryEffects = ['fail', 'reject', 'approve'] as const;
export type ExpiryEffect = (typeof expiryEffects)[number];

/** The longest that an answer is waited for, seconds. */
const MAX_WAIT_SECONDS = 31_536_000;
/** Seconds an answer is waited for where the step does not say. */
export const DEFAULT_WAIT_SECONDS = 604_800;

/** Input of the tool `approvals.request`. */
export const ApprovalRequest = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200, description: 'What is asked, in one line' }),
    message: Type.Optional(Type.String({ maxLength: 10_000, description: 'The same at length' })),
    details: Type.Optional({
      ...JsonObject,
      description: 'Shown to whoever decides, at most 64 KiB as JSON; what stands under the name of a secret is hidden',
    }),
    approvers: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
        minItems: 1,
        maxItems: 50,
        description:
          'Who may decide: names of users and agents, and `role:<role>` for everybody of a role. Default: everybody with the scope approvals:decide',
      }),
    ),
    allow_self: Type.Optional(
      Type.Boolean({ default: true, description: 'Whether whoever has written the pipeline may decide too' }),
    ),
    on_reject: Type.Optional(
      Type.Enum(rejectionEffects, {
        default: 'fail',
        description: 'After a rejection the step fails, or goes on with the decision as its output',
      }),
    ),
    expires_in_seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_WAIT_SECONDS, default: DEFAULT_WAIT_SECONDS }),
    ),
    on_expiry: Type.Optional(
      Type.Enum(expiryEffects, {
        default: 'fail',
        description: 'Without an answer in time the step fails, or it counts as a rejection or an approval',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ApprovalRequest = Static<typeof ApprovalRequest>;

/** What a step asks, with every default filled in. */
export interface ApprovalQuestion {
  readonly id: string;
  readonly title: string;
  readonly message: string | null;
  readonly details: Record<string, unknown> | null;
  readonly approvers: readonly string[];
  readonly allow_self: boolean;
  readonly on_reject: RejectionEffect;
  readonly on_expiry: ExpiryEffect;
  readonly requested_by: string | null;
}

/** Output of the tool `approvals.request`. */
export const ApprovalAnswer = Type.Object({
  approval_id: Id,
  status: Type.Enum(['approved', 'rejected', 'expired'], { description: 'What became of the approval' }),
  decision: Type.Enum(['approved', 'rejected'], { description: 'What counts: also what an expired one counts as' }),
  decided_by: Nullable(Type.String({ description: 'null: nobody who is known' })),
  comment: Nullable(Type.String()),
  decided_at: Instant,
});
export type ApprovalAnswer = Static<typeof ApprovalAnswer>;

/** A question that a run asks, and its answer. */
export const Approval = Type.Object({
  id: Id,
  run_id: Id,
  task_id: Id,
  step_id: Type.String(),
  status: Type.Enum(approvalStatuses),
  title: Type.String(),
  message: Nullable(Type.String()),
  details: Nullable(JsonObject),
  approvers: Type.Array(Type.String(), { description: 'Empty: everybody with the scope approvals:decide' }),
  allow_self: Type.Boolean(),
  on_reject: Type.Enum(rejectionEffects),
  on_expiry: Type.Enum(expiryEffects),
  requested_by: Nullable(Type.String({ description: 'Who has written the pipeline; null: nobody who was known' })),
  created_at: Instant,
  expires_at: Instant,
  decided_by: Nullable(Type.String({ description: 'null: nobody yet, or nobody who was known' })),
  comment: Nullable(Type.String()),
  decided_at: Nullable({ ...Instant, description: 'When it was approved, rejected or canceled, or expired' }),
});
export type Approval = Static<typeof Approval>;

export const ApprovalListQuery = Type.Object(
  {
    ...PageQuery.properties,
    status: Type.Optional(Type.Enum(approvalStatuses)),
    run_id: Type.Optional(Id),
    task_id: Type.Optional(Id),
  },
  { additionalProperties: false },
);
export type ApprovalListQuery = Static<typeof ApprovalListQuery>;

export const DecisionInput = Type.Object(
  { comment: Type.Optional(Type.String({ maxLength: 2000, description: 'Why; shown with the decision' })) },
  { additionalProperties: false },
);
export type DecisionInput = Static<typeof DecisionInput>;
