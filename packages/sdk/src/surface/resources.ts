import type { AlertsResource, EventsResource, RunsResource, TableResources } from '../generated/resources.ts';
import type { AlertMethods } from './alerts.ts';
import type { EventMethods } from './events.ts';
import type { RunMethods } from './runs.ts';

/** The resources of a client: the table of operations, and what is more than one operation. */
export interface Resources extends Omit<TableResources, 'alerts' | 'events' | 'runs'> {
  readonly alerts: Omit<AlertsResource, keyof AlertMethods> & AlertMethods;
  readonly events: EventsResource & EventMethods;
  readonly runs: Omit<RunsResource, keyof RunMethods> & RunMethods;
}
