import type { AlertStatus } from './alerts.ts';

/**
 * Where an alert may go from each status:
 *
 *   new ──> triaged <──> investigating <──> escalated       (open: also straight to any later one, and to the closed ones)
 *                             ^
 *                             └── resolved, false_positive  (closed: nothing but to be looked into again)
 *
 * Nothing becomes new again: somebody has seen it.
 */
const transitions: Readonly<Record<AlertStatus, readonly AlertStatus[]>> = {
  new: ['triaged', 'investigating', 'escalated', 'resolved', 'false_positive'],
  triaged: ['investigating', 'escalated', 'resolved', 'false_positive'],
  investigating: ['triaged', 'escalated', 'resolved', 'false_positive'],
  escalated: ['triaged', 'investigating', 'resolved', 'false_positive'],
  resolved: ['investigating'],
  false_positive: ['investigating'],
};

/** The statuses that an alert may have after this one, besides itself. */
export const alertStatusesAfter = (status: AlertStatus): readonly AlertStatus[] => transitions[status];

/** Whether an alert may go from one status to another. Staying where it is is no change, and always allowed. */
export const mayAlertBecome = (from: AlertStatus, to: AlertStatus): boolean =>
  from === to || transitions[from].includes(to);

/** Whether nobody looks at it any more: the same thing happening again is a new alert. */
export const isClosedAlert = (status: AlertStatus): boolean => status === 'resolved' || status === 'false_positive';
