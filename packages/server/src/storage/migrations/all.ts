import { foundation } from './0001-foundation.ts';
import { events } from './0002-events.ts';
import { extensions } from './0003-extensions.ts';
import { identity } from './0004-identity.ts';
import { alerts } from './0005-alerts.ts';
import { alertSubmissions } from './0006-alert-submissions.ts';
import { approvals } from './0007-approvals.ts';
import { handlers } from './0008-handlers.ts';
import type { MigrationStep } from './migration.ts';

/** Every step in order. */
export const migrationSteps: readonly MigrationStep[] = [
  foundation,
  events,
  extensions,
  identity,
  alerts,
  alertSubmissions,
  approvals,
  handlers,
];
