import type { Alert, AlertStreamQuery } from '@ordinaut/contract';
import { connectedMessage, followFromPlace } from '../events/follow-from-place.ts';
import type { EventStreams, FollowStreamOptions } from '../events/streams.ts';

/** A message of a live view of alerts. */
export interface AlertMessage {
  /** The topic of the event, `connected` with the id to go on from, or `gap`: those after an id are no longer kept. */
  readonly event: string;
  /** Where to go on; absent for a gap. */
  readonly id?: string;
  /** The alert as it was right after the change; of a gap `{after, oldest}`. */
  readonly data: unknown;
}

/**
 * The changes of alerts that fit a filter, as they come.
 *
 * @param filter holds against the alert as it is after the change.
 * @throws ApiError `unavailable` while the events cannot be read.
 */
export async function* followAlerts(
  streams: Pick<EventStreams, 'follow' | 'head'>,
  filter: AlertStreamQuery,
  options: FollowStreamOptions,
): AsyncGenerator<AlertMessage> {
  for await (const each of followFromPlace(streams, 'alert.*', options)) {
    if ('place' in each) yield connectedMessage(each);
    else if ('gap' in each) yield { event: 'gap', data: { after: each.after, oldest: each.oldest } };
    // What is under these topics is published by the server alone.
    else if (fits(filter, each.data as Alert)) yield { event: each.topic, id: each.id, data: each.data };
  }
}

const fits = ({ severity, status, source }: AlertStreamQuery, alert: Alert): boolean =>
  (severity === undefined || alert.severity === severity) &&
  (status === undefined || alert.status === status) &&
  (source === undefined || alert.source === source);
