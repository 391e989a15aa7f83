import type { Alert } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import type { AlertRow } from '../storage/tables.ts';

/** An alert as the API shows it. */
export const toAlert = (row: AlertRow): Alert => ({
  ...row,
  affected_assets: JSON.parse(row.affected_assets) as string[],
  iocs: JSON.parse(row.iocs) as Alert['iocs'],
  mitre_techniques: JSON.parse(row.mitre_techniques) as string[],
  metadata: JSON.parse(row.metadata) as Alert['metadata'],
  first_seen: toIso(row.first_seen),
  last_seen: toIso(row.last_seen),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
});
