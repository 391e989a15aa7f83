import Type, { type Static, type TSchema } from 'typebox';

/** The schemas that several resources share: ids, instants, pages, operation results and the error body. */

export const Id = Type.String({ format: 'uuid', description: 'UUIDv7' });
export const Instant = Type.String({ format: 'date-time', description: 'Instant in UTC, ISO 8601' });
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const JsonObject = Type.Record(Type.String(), Type.Unknown());

/** What every list accepts. `offset` and its alias `skip` are for humans; programs follow `next_cursor`. */
export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items a page' })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, description: 'Items to skip' })),
    skip: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, description: 'Another name of `offset`' })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: '`next_cursor` of the page before' })),
  },
  { additionalProperties: false },
);
export type PageQuery = Static<typeof PageQuery>;

/** A page of a list, newest first. */
export const Page = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    total: Type.Integer({ description: 'Matching items; counted exactly up to 1,000, which then means "at least"' }),
    limit: Type.Integer(),
    offset: Type.Integer(),
    has_more: Type.Boolean(),
    next_cursor: Nullable(Type.String()),
  });
export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
  has_more: boolean;
  next_cursor: string | null;
}

/** What an action (not a resource) answers. */
export const OperationResult = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  details: JsonObject,
});
export type OperationResult = Static<typeof OperationResult>;

export const ErrorBody = Type.Object(
  {
    error: Type.String({ description: 'Stable code from the error catalogue' }),
    message: Type.String({ description: 'What was wrong and what to do, for a person' }),
    details: JsonObject,
    request_id: Type.String(),
    timestamp: Instant,
  },
  { $id: 'Error' },
);
export type ErrorBody = Static<typeof ErrorBody>;
