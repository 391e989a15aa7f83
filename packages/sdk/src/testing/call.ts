import type { OperationId, operations } from '@ordinaut/contract';
import type { Static, TSchema } from 'typebox';
import type { Clock } from '../clock.ts';
import type { Caller } from './caller.ts';
import type { SseMessage } from './sse.ts';
import type { RunOutcome, TestState } from './state.ts';

type Part<Id extends OperationId, Name extends 'params' | 'query' | 'body'> = (typeof operations)[Id] extends {
  readonly [P in Name]: infer Schema extends TSchema;
}
  ? Static<Schema>
  : Record<string, never>;

type Body<Id extends OperationId> = (typeof operations)[Id] extends { readonly bodyOptional: true }
  ? Part<Id, 'body'> | undefined
  : Part<Id, 'body'>;

/** What the operations of a test server work with. */
export interface World {
  readonly state: TestState;
  readonly clock: Clock;
  readonly lifetimes: { readonly accessSeconds: number; readonly refreshSeconds: number };
  /** What a run comes to that no outcome was put in line for. */
  readonly runOutcome: (run: { readonly id: string; readonly task_id: string }) => RunOutcome;
  /** Aborted when the server closes. */
  readonly closed: AbortSignal;
}

/** A request that has come through the door, checked and typed by the contract. */
export interface Call<Id extends OperationId = OperationId> {
  readonly world: World;
  readonly params: Part<Id, 'params'>;
  readonly query: Part<Id, 'query'>;
  readonly body: Body<Id>;
  readonly caller: Caller;
  readonly lastEventId: string | null;
  /** Sets a header of the answer. */
  setHeader(name: string, value: string): void;
}

type Answer<Id extends OperationId> = (typeof operations)[Id] extends { readonly stream: true }
  ? (signal: AbortSignal) => AsyncIterator<SseMessage>
  : (typeof operations)[Id]['success'] extends { readonly schema: infer Schema extends TSchema }
    ? Static<Schema> | Promise<Static<Schema>>
    : unknown;

export type Handler<Id extends OperationId = OperationId> = (call: Call<Id>) => Answer<Id>;

/** A handler for each of these operations; one that is forgotten does not compile. */
export type Handlers<Prefix extends string> = {
  readonly [Id in Extract<OperationId, `${Prefix}.${string}`>]: Handler<Id>;
};

/** A handler as it is called, once its request fits the table. */
export type AnyHandler = (
  call: Omit<Call, 'params' | 'query' | 'body'> & Record<'params' | 'query' | 'body', unknown>,
) => unknown;
