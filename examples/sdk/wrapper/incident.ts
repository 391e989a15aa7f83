import type { Alert, AlertInput } from '@ordinaut/sdk';

export type Urgency = 'now' | 'today' | 'later';

/** What a program of ours has found. */
export interface Finding {
  readonly what: string;
  readonly where: string;
  readonly urgency: Urgency;
  readonly addresses?: readonly string[];
}

/** What an analyst of ours works on. */
export interface Incident {
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly urgency: Urgency;
  readonly state: 'waiting' | 'in work' | 'closed';
  readonly owner: string | null;
  readonly times: number;
  readonly lastSeen: Date;
}

const severities = { now: 'critical', today: 'high', later: 'low' } as const satisfies Record<Urgency, string>;
const urgencies = { critical: 'now', high: 'today', medium: 'later', low: 'later', info: 'later' } as const;

export const alertOf = ({ what, where, urgency, addresses = [] }: Finding): AlertInput => ({
  title: what,
  severity: severities[urgency],
  source: where,
  iocs: addresses.map((value) => ({ type: 'ip', value })),
});

export const incidentOf = (alert: Alert): Incident => ({
  id: alert.id,
  what: alert.title,
  where: alert.source,
  urgency: urgencies[alert.severity],
  state: stateOf(alert.status),
  owner: alert.assigned_agent,
  times: alert.occurrences,
  lastSeen: new Date(alert.last_seen),
});

function stateOf(status: Alert['status']): Incident['state'] {
  if (status === 'new') return 'waiting';
  return status === 'resolved' || status === 'false_positive' ? 'closed' : 'in work';
}
