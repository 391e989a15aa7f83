import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import * as kit from '@ordinaut/kit';
import type { FastifyInstance } from 'fastify';
import type { Compiled, Compiler } from '../code/compile.ts';
import { loadModule } from '../code/load-module.ts';
import { mapStack } from '../code/map-stack.ts';
import { placeOf } from '../code/place-of.ts';
import { type Culprit, listenAs, runAs } from '../containment/attribution.ts';
import type { EventStreams } from '../events/streams.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { ActivationError, type Phase } from './activation-error.ts';
import type { AppFactory, RequestOutcome } from './app-factory.ts';
import { BackgroundSupervisor } from './context/background.ts';
import { eventsOf } from './context/events.ts';
import { guardContext } from './context/guard-context.ts';
import { resourcesOf } from './context/resources.ts';
import { ExtensionTools } from './context/tools.ts';
import { Topics } from './context/topics.ts';
import { definitionOf } from './definition-of.ts';
import { Generation } from './generation.ts';
import { Ledger, toSentence } from './ledger.ts';
import { isInside } from './manifest/manifest-problem.ts';
import type { ResolvedManifest } from './manifest/resolved-manifest.ts';

const SETUP_MS = 10_000;
const INTERNAL_ERROR = 1011;
/** Largest message of a WebSocket; a larger one closes it with 1009. */
const MAX_MESSAGE_BYTES = 1_048_576;

/** What every activation needs of the server. */
export interface ActivationDeps {
  readonly compiler: Compiler;
  readonly newApp: AppFactory;
  readonly registry: ToolRegistry;
  readonly streams: EventStreams;
  readonly metrics: Metrics;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  /** How long what is under way may take when a generation ends, in milliseconds. */
  readonly drainMs: number;
  /** Hears of each use of a capability that is not granted. */
  onRefused(extensionId: string, capability: kit.Capability): void;
}

export interface ActivationOrder {
  readonly manifest: ResolvedManifest;
  readonly directory: string;
  readonly number: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly culprit: Culprit;
  readonly logger: Logger;
  /** The same error with the author's files and lines in its stack. */
  localize(error: unknown): unknown;
  /** See the options of the app. */
  onOpened(endpoint: string): (outcome: RequestOutcome) => void;
  onBackgroundFailure(error: unknown): void;
}

/**
 * Brings an extension to life: compile → load → setup → ready. Its routes answer when the promise resolves and not before.
 *
 * @throws ActivationError
 */
export async function activate(order: ActivationOrder, deps: ActivationDeps): Promise<Generation> {
  const { manifest, directory, number, culprit, logger } = order;
  const begun = deps.clock.monotonic();
  const compiled = await inPhase('compile', () => deps.compiler.compile({ directory, module: manifest.module }));
  const localized = (error: unknown) => localize(error, compiled, directory);
  const definition = await inPhase(
    'load',
    () =>
      definitionOf(
        runAs(culprit, () => loadModule(compiled, { kit })),
        compiled,
        directory,
      ),
    localized,
  );
  await inPhase('load', () => assertGranted(manifest, definition.grants ?? []));
  const ledger = new Ledger(manifest.id);
  const stop = new AbortController();
  try {
    return await inPhase(
      'setup',
      async () => {
        const app = await newAppFor(order, deps.newApp, ledger);
        const tools = new ExtensionTools({ manifest, registry: deps.registry, audit: deps.audit, ledger, logger });
        const topics = new Topics();
        const context = contextOf({ order, deps, ledger, stop, app, tools, topics });
        const running = await runAs(culprit, () =>
          within(SETUP_MS, () => definition.setup(context), 'setup() did not end'),
        );
        if (app) await runAs(culprit, () => within(SETUP_MS, () => app.ready(), 'Its routes were not ready'));
        for (const { name } of manifest.contributes.tools) {
          if (!tools.handlers.has(name))
            logger.warn({ tool: name }, 'a tool of the manifest was not registered by setup; calling it will fail');
        }
        const setupMs = Math.round(deps.clock.monotonic() - begun);
        return new Generation({
          number,
          manifest,
          ledger,
          stop,
          app,
          tools: tools.handlers,
          topics,
          running: running ?? {},
          shutdown: definition.shutdown && (() => definition.shutdown?.()),
          culprit,
          compiled,
          drainMs: deps.drainMs,
          setupMs,
          logger,
        });
      },
      localized,
    );
  } catch (error) {
    const failures = await runAs(culprit, () => {
      stop.abort(error);
      return ledger.undoAll();
    });
    for (const failure of failures)
      logger.error({ err: failure.error }, `what a failed setup had made could not be undone: ${toSentence(failure)}`);
    throw error;
  }
}

/** @param locate finds the place of an error, for its sentence. */
async function inPhase<Result>(
  phase: Phase,
  work: () => Result,
  locate?: (error: unknown) => string | null,
): Promise<Awaited<Result>> {
  try {
    return await work();
  } catch (error) {
    throw new ActivationError(phase, error, locate?.(error) ?? null);
  }
}

/** Puts the author's lines into the stack of an error, and gives the first of them: `extension.ts:12:7`. */
function localize(error: unknown, compiled: Compiled, directory: string): string | null {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return null;
  const stack = mapStack(error.stack, compiled);
  // Not by assignment: that throws where the error is frozen.
  Reflect.set(error, 'stack', stack);
  // What an author says by these classes is for operators as it stands.
  if (kit.kindOfError(error) === 'not_ready' || kit.kindOfError(error) === 'fatal') return null;
  return placeOf(stack, directory);
}

/** What the code says it uses has to be granted, so that it fails here and not in the middle of a request. */
function assertGranted({ id, grants, requested }: ResolvedManifest, used: readonly kit.Capability[]): void {
  const missing = used.filter((capability) => !grants.includes(capability));
  const [first] = missing;
  if (first === undefined) return;
  const refused = missing.filter((capability) => requested.includes(capability));
  throw new kit.Fatal(
    refused.length > 0
      ? `It needs ${refused.join(', ')}, which the operator has not granted: see ORDINAUT_EXT_PACKAGE_GRANTS.`
      : `Its code uses ${missing.join(', ')}, which "grants" in the extension.json of ${id} does not ask for.`,
  );
}

async function newAppFor(order: ActivationOrder, newApp: AppFactory, ledger: Ledger): Promise<FastifyInstance | null> {
  const { manifest, directory, culprit, logger, localize, onOpened } = order;
  const folders = manifest.grants.includes('STATIC') ? manifest.contributes.static : [];
  if (!manifest.grants.includes('ROUTES') && folders.length === 0) return null;
  const { requestTimeoutMs } = manifest.limits;
  const { app, callerOf } = await newApp({ id: manifest.id, logger, requestTimeoutMs, localize, onOpened });
  ledger.add('routes', `/ext/${manifest.id}`, () => app.close());
  await app.register(fastifyWebsocket, {
    options: { maxPayload: MAX_MESSAGE_BYTES },
  });
  app.websocketServer.on('connection', (client, request) =>
    listenAs(culprit, client, callerOf(request), () => client.close(INTERNAL_ERROR, 'The extension failed.')),
  );
  for (const { dir, at } of folders) {
    const root = join(directory, dir);
    app.register(fastifyStatic, {
      root,
      prefix: at,
      decorateReply: false,
      dotfiles: 'ignore',
      allowedPath: (path) => !leadsOut(root, path),
    });
    if (!at.endsWith('/')) redirectTo(app, at);
    ledger.add('static', `${at} from ${dir}`, () => undefined);
  }
  return app;
}

/** Whether a link leads from a folder to somewhere else. */
function leadsOut(root: string, path: string): boolean {
  try {
    return !isInside(realpathSync(root), realpathSync(join(root, path)));
  } catch {
    // There is no such file; that is answered further on.
    return false;
  }
}

/** The path of a folder without its slash leads to the folder, where no route answers it; relative, as `/ext/<id>` is cut off here. */
function redirectTo(app: FastifyInstance, folder: string): void {
  const target = `${folder.slice(folder.lastIndexOf('/') + 1)}/`;
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 || (request.method !== 'GET' && request.method !== 'HEAD')) return;
    const [path, query] = request.url.split('?', 2);
    if (path === folder) return reply.redirect(query === undefined ? target : `${target}?${query}`, 308);
  });
}

function contextOf(parts: {
  order: ActivationOrder;
  deps: ActivationDeps;
  ledger: Ledger;
  stop: AbortController;
  app: FastifyInstance | null;
  tools: ExtensionTools;
  topics: Topics;
}): kit.Context {
  const { order, deps, ledger, stop, app, tools, topics } = parts;
  const { manifest, directory, number, config, culprit, logger, onBackgroundFailure } = order;
  const { id, grants } = manifest;
  const granted = new Set<kit.Capability>(grants);
  const metrics = deps.metrics.own(id);
  ledger.add('dispose', 'metrics', () => metrics.dispose());
  const { dispose: _dispose, ...ownMetrics } = metrics;
  const info: kit.ExtensionInfo = Object.freeze({
    id,
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    directory,
    generation: number,
    capabilities: Object.freeze([...grants]),
  });
  const refused = (capability: kit.Capability) => deps.onRefused(id, capability);
  return guardContext(
    { id, grants, refused },
    {
      info,
      config,
      logger,
      signal: stop.signal,
      metrics: ownMetrics,
      has: (capability: kit.Capability) => granted.has(capability),
      ...resourcesOf(ledger, culprit),
      ...(granted.has('ROUTES') && { routes: app }),
      ...(granted.has('TOOLS') && { tools }),
      ...((granted.has('EVENTS_PUB') || granted.has('EVENTS_SUB')) && {
        events: eventsOf({ manifest, streams: deps.streams, ledger, topics, signal: stop.signal, refused }),
      }),
      ...(granted.has('BACKGROUND_TASKS') && {
        background: new BackgroundSupervisor({
          ledger,
          culprit,
          clock: deps.clock,
          logger,
          onFailure: onBackgroundFailure,
        }),
      }),
    },
  );
}
