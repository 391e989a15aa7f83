import type { Answer, Call, CallOptions } from '../call.ts';
import type { Core } from '../core.ts';
import type { Alert, AlertInput, SubmittedAlert } from '../generated/models.ts';
import { callOf } from './call-of.ts';
import { makeCall } from './make-call.ts';

/** What became of an alert that was submitted. */
export interface Submission {
  /** `deduplicated`: it was there already, and has one more occurrence. */
  readonly outcome: 'created' | 'deduplicated';
  readonly alert: Alert;
}

export interface AlertMethods {
  /**
   * Submits an alert. The same alert again, while it is not resolved, is counted and not made twice. Repeated by the client, as after
   * a broken connection, it is not counted either: it goes with an `Idempotency-Key`.
   *
   * @throws ConflictError where `idempotencyKey` was used for another alert.
   */
  submit(alert: AlertInput, options?: CallOptions): Call<Submission>;
}

export const alertMethods = (core: Core): AlertMethods => ({
  submit(alert, options = {}) {
    const submitted = async (): Promise<Answer<Submission>> => {
      const answer = await makeCall(core, 'alerts.submit', [alert], options);
      // That of the contract for this operation.
      const { deduplicated, ...rest } = answer.data as SubmittedAlert;
      return { ...answer, data: { outcome: deduplicated ? 'deduplicated' : 'created', alert: rest } };
    };
    return callOf(submitted());
  },
});
