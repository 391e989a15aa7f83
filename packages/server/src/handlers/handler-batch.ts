import type { HandlerEvent } from '@ordinaut/contract';

/** The events of one request, as they go to whoever sends them on. */
export interface HandlerBatch {
  /** Whether a pipeline has made them, or the caller has brought them. */
  readonly kind: 'generated' | 'raw';
  /** Of the events as JSON. */
  readonly bytes: number;
  /** At least one; stored already. */
  readonly events: readonly HandlerEvent[];
  readonly handlerId: string;
  readonly accountId: string;
  /** `Luna-Request-Id` of the request. */
  readonly requestId: string;
  /** Instants of the request, ISO 8601. */
  readonly createEventTime: string;
  readonly endEventTime: string;
}
