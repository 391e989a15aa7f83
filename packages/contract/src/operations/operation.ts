import Type, { type TObject, type TSchema } from 'typebox';
import { Id } from '../common.ts';
import type { HttpErrorCode } from '../errors.ts';
import type { scopes } from '../scopes.ts';

/**
 * Who may call an operation. `public`: everybody, and credentials are not looked at. `authenticated`: everybody who is known.
 * Otherwise the scope that is needed.
 */
export type Access = 'public' | 'authenticated' | keyof typeof scopes;

/** An answer when all is well. */
export interface Success {
  readonly status: 200 | 201 | 202;
  readonly schema?: TSchema;
  readonly description: string;
}

/** What the HTTP API can be asked for. Routes, the OpenAPI document and clients come from it. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `{name}` for parameters; served at the root and under `/api/v1`. */
  readonly path: string;
  readonly tag:
    | 'tasks'
    | 'runs'
    | 'approvals'
    | 'events'
    | 'schedules'
    | 'tools'
    | 'alerts'
    | 'handlers'
    | 'extensions'
    | 'plugins'
    | 'auth'
    | 'users'
    | 'agents'
    | 'audit'
    | 'system';
  readonly summary: string;
  readonly access: Access;
  /**
   * What a client may do when it does not know whether a call arrived. `safe`: changes nothing. `idempotent`: a second
   * call changes nothing more. `keyed`: may be repeated with the same `Idempotency-Key`. `single`: not to be repeated blindly,
   * and not with a key either: the answer holds a secret, which is not kept to be given again.
   */
  readonly repeat: 'safe' | 'idempotent' | 'keyed' | 'single';
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Headers that it reads besides those of every operation, for documents; they are checked where they are read. */
  readonly headers?: TObject;
  readonly body?: TSchema;
  /** Whether the body may be left out. */
  readonly bodyOptional?: true;
  /** The body may be of any content type; without it JSON alone is taken. */
  readonly anyBody?: true;
  /** The answer when all is well. */
  readonly success: Success;
  /** Another answer when all is well, with a status of its own: what was asked for was there already, or is still to be done. */
  readonly alsoSuccess?: Success & { readonly schema: TSchema };
  /** The answer is a stream of server-sent events. */
  readonly stream?: true;
  /** Codes beyond those any operation may give. */
  readonly errors: readonly HttpErrorCode[];
}

export const ok = (schema: TSchema, description: string) => ({ status: 200, schema, description }) as const;

/** Where a stream of events goes on. */
export const LastEventId = Type.Object({
  'Last-Event-ID': Type.Optional(
    Type.String({
      description: 'Id of the last message that was seen; browsers send it. `0-0`: from the oldest that is kept',
    }),
  ),
});

export const IdParams = Type.Object({ id: Id }, { additionalProperties: false });
