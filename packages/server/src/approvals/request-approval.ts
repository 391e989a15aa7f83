import { ApprovalAnswer, ApprovalRequest, DEFAULT_WAIT_SECONDS } from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { RunFailure } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { redact } from '../kernel/redact.ts';
import type { Store } from '../storage/store.ts';
import { defineTool } from '../tools/define-tool.ts';
import { Suspension } from '../tools/suspension.ts';
import type { Tool } from '../tools/tool.ts';
import { approverIssues } from './approvers.ts';

const MAX_DETAILS_BYTES = 65_536;

/**
 * Asks people whether the run may go on, and waits durably for the answer.
 *
 * The question is stored with the parking of the run, not here: what is asked outside of a run, or by a process that dies before, is not
 * asked at all.
 */
export const requestApproval = ({ store, clock }: { store: Store; clock: Clock }): Tool =>
  defineTool({
    name: 'approvals.request',
    description:
      'Asks people whether the run may go on, and waits for the answer, for days if need be. The wait survives a restart and holds no worker.',
    input: ApprovalRequest,
    outputSchema: ApprovalAnswer,
    annotations: { readOnly: false, destructive: false, idempotent: true, openWorld: false },
    scopes: [],
    async call(input, { principal }) {
      const approvers = [...new Set(input.approvers ?? [])];
      const issues = [...textIssues(input), ...(await approverIssues(store, approvers))];
      if (issues.length > 0)
        throw new RunFailure('input_invalid', `The input of approvals.request cannot be used: ${issues.join('; ')}.`);
      const wakeAt = clock.now() + (input.expires_in_seconds ?? DEFAULT_WAIT_SECONDS) * 1000;
      return new Suspension(wakeAt, null, {
        id: newId(),
        title: input.title,
        message: input.message ?? null,
        details: input.details === undefined ? null : (redact(input.details) as Record<string, unknown>),
        approvers,
        allow_self: input.allow_self ?? true,
        on_reject: input.on_reject ?? 'fail',
        on_expiry: input.on_expiry ?? 'fail',
        requested_by: principal,
      });
    },
  });

function textIssues({ title, message, details }: ApprovalRequest): string[] {
  const issues: string[] = [];
  for (const [field, text] of Object.entries({ title, message })) {
    if (text?.includes('\u0000')) issues.push(`${field} has the character U+0000, which cannot be stored`);
  }
  if (title.trim() === '') issues.push('title is blank; say what is asked');
  const bytes = details === undefined ? 0 : Buffer.byteLength(JSON.stringify(details));
  if (bytes > MAX_DETAILS_BYTES)
    issues.push(`details has ${bytes} bytes as JSON; at most ${MAX_DETAILS_BYTES} are shown`);
  return issues;
}
