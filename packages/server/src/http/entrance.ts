import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/settings.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Caller } from '../identity/caller.ts';
import { auditRefusal } from './audit-refusal.ts';
import type { Destination, Door } from './door/door.ts';
import { publicPaths } from './door/public-paths.ts';
import type { GateTarget } from './extension-gate.ts';
import { isHarmless } from './harmless-methods.ts';
import { targetOf } from './operation-audit.ts';

const nobody: Destination = { access: 'public', rate: 'general' };
const anyone: Destination = { access: 'anyone', rate: 'general' };
const known: Destination = { access: 'authenticated', rate: 'general' };

/**
 * Leads requests to the door, with what they want to get at: as their operation says, or by their path. Those of somebody who is
 * known and may not are noted.
 */
export class Entrance {
  readonly #door: Door;
  readonly #audit: Pick<AuditLog, 'record'>;
  readonly #isPublic: (path: string) => boolean;
  readonly #requireScopes: boolean;

  constructor(deps: { door: Door; audit: Pick<AuditLog, 'record'>; security: Config['security'] }) {
    this.#door = deps.door;
    this.#audit = deps.audit;
    this.#isPublic = publicPaths(deps.security.publicPaths);
    this.#requireScopes = deps.security.requireScopes;
  }

  /** What a request to the core wants to get at. What is not there is so for everybody. */
  destinationOf(request: FastifyRequest): Destination {
    if (request.is404) return nobody;
    const destination = request.routeOptions.config.destination ?? known;
    if (destination.access !== 'authenticated') return destination;
    return this.#isPublic(request.url.split('?', 1)[0] ?? '') ? anyone : destination;
  }

  /** @throws ApiError */
  toCore(request: FastifyRequest, destination: Destination): Promise<Caller> {
    const { changes } = request.routeOptions.config;
    const what = changes === undefined ? null : { action: changes, target: targetOf(request.params) };
    return this.#enter(request.raw, destination, request.id, what);
  }

  /** @throws ApiError */
  toExtension(request: IncomingMessage, target: GateTarget, requestId: string): Promise<Caller> {
    const { extensionId, path, isUpgrade } = target;
    const access = this.#requireScopes ? (`ext:${extensionId}:routes` as const) : 'authenticated';
    const destination: Destination = {
      access: this.#isPublic(path) ? 'anyone' : access,
      shown: this.#requireScopes,
      rate: 'general',
      isUpgrade,
    };
    const what = { action: `ext.${extensionId}.request`, target: `${request.method} ${path}` };
    return this.#enter(request, destination, requestId, isHarmless(request) ? null : what);
  }

  /** To a WebSocket of the core. @throws ApiError */
  toSocket(request: IncomingMessage, access: Destination['access'], requestId: string): Promise<Caller> {
    return this.#enter(request, { access, rate: 'general', isUpgrade: true }, requestId, null);
  }

  #enter(
    request: IncomingMessage,
    destination: Destination,
    requestId: string,
    what: { readonly action: string; readonly target: string | null } | null,
  ): Promise<Caller> {
    const entering = this.#door.enter(request, destination, requestId);
    if (what === null) return entering;
    return entering.catch((error: unknown) => auditRefusal(request, error, what, this.#audit));
  }
}
