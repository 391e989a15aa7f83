import { type Operation, type OperationId, operations } from '@ordinaut/contract';
import type { FastifyRequest } from 'fastify';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Caller } from '../identity/caller.ts';
import { toApiError } from './error-body.ts';

/** Writes what becomes of one operation into the audit log, once. */
export class OperationAudit {
  readonly #action: OperationId;
  readonly #caller: Caller;
  readonly #request: FastifyRequest;
  readonly #log: Pick<AuditLog, 'record'>;
  #name: string | null = null;
  #recorded = false;

  constructor(action: OperationId, caller: Caller, request: FastifyRequest, log: Pick<AuditLog, 'record'>) {
    this.#action = action;
    this.#caller = caller;
    this.#request = request;
    this.#log = log;
  }

  /** Who it is, where the caller was not known before. */
  isBy(name: string): void {
    this.#name = name;
  }

  async succeeded(status: number, result: unknown): Promise<void> {
    const target = targetOf(this.#request.params);
    // Of something new all fields are; of what was there before it is told which.
    await this.#record(status, null, target ?? idOf(result), target === null ? null : this.#fields());
  }

  async failed(error: unknown, bodyLimit: number): Promise<void> {
    // What failed after it was recorded is done all the same.
    if (this.#recorded) return;
    const { status, code } = toApiError(error, bodyLimit);
    await this.#record(status, code, targetOf(this.#request.params));
  }

  /** The names of what was sent. A body without fields of ours is content, whose names nobody has looked at. */
  #fields(): string[] | null {
    const { body }: Operation = operations[this.#action];
    return body !== undefined && 'properties' in body ? fieldsOf(this.#request.body) : null;
  }

  async #record(
    status: number,
    error: string | null,
    target: string | null,
    fields: readonly string[] | null = null,
  ): Promise<void> {
    this.#recorded = true;
    const principal = this.#name ?? this.#caller.principal;
    await this.#log.record({ action: this.#action, target, fields, caller: this.#caller, principal, status, error });
  }
}

/** The one parameter of the path, whatever it is called. */
export function targetOf(params: unknown): string | null {
  const [target] = Object.values(Object(params)).filter((value) => typeof value === 'string');
  // Without what PostgreSQL does not store: an attempt is noted whatever it was aimed at.
  return (target as string | undefined)?.replaceAll('\u0000', '\ufffd') ?? null;
}

/** The names of what was sent; the schema has let them through. */
function fieldsOf(body: unknown): string[] | null {
  const names = Object.keys(Object(body));
  return names.length === 0 ? null : names;
}

/** The id of what was made. */
function idOf(result: unknown): string | null {
  const { id, username, details } = Object(result) as { id?: unknown; username?: unknown; details?: unknown };
  // Users are known by their names everywhere else.
  if (typeof username === 'string') return username;
  if (typeof id === 'string') return id;
  const { event_id } = Object(details) as { event_id?: unknown };
  return typeof event_id === 'string' ? event_id : null;
}
