import { type Capability, capabilities, type Manifest } from '@ordinaut/kit';
import type { ResolvedManifest } from './resolved-manifest.ts';

/** Fills in every default. @param module the module where the manifest names none. */
export function resolveManifest(manifest: Manifest, module = 'extension.ts'): ResolvedManifest {
  const { grants = [], contributes = {}, limits = {} } = manifest;
  const asked: Readonly<Partial<Record<string, { readonly reason?: string }>>> = Array.isArray(grants)
    ? Object.fromEntries(grants.map((name) => [name, {}]))
    : grants;
  const requested = capabilities.filter((capability) => asked[capability] !== undefined);
  const reasons = requested.flatMap((capability) => {
    const reason = asked[capability]?.reason;
    return reason === undefined ? [] : [[capability, reason] as const];
  });
  return {
    id: manifest.id,
    name: manifest.name ?? manifest.id,
    version: manifest.version,
    apiVersion: manifest.apiVersion,
    description: manifest.description ?? '',
    module: manifest.module ?? module,
    enabled: manifest.enabled ?? true,
    eager: manifest.eager ?? false,
    grants: requested,
    requested,
    reasons: Object.fromEntries(reasons),
    contributes: {
      tools: (contributes.tools ?? []).map((tool) => ({
        name: tool.name,
        description: tool.description,
        inputSchema: tool.inputSchema as Readonly<Record<string, unknown>>,
        outputSchema: (tool.outputSchema as Readonly<Record<string, unknown>> | undefined) ?? null,
        annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true, ...tool.annotations },
        scopes: tool.scopes ?? [],
        timeoutMs: tool.timeoutMs ?? null,
      })),
      events: { publish: contributes.events?.publish ?? [], subscribe: contributes.events?.subscribe ?? [] },
      static: (contributes.static ?? []).map(({ dir, at }) => ({ dir, at: at ?? '/' })),
    },
    config: (manifest.config as Readonly<Record<string, unknown>> | undefined) ?? null,
    limits: { concurrency: limits.concurrency ?? 64, requestTimeoutMs: limits.requestTimeoutMs ?? 30_000 },
  };
}

/** The same manifest with no more than the operator allows; what needs more is left out. */
export function withAllowed(manifest: ResolvedManifest, allowed: readonly Capability[]): ResolvedManifest {
  const grants = manifest.requested.filter((capability) => allowed.includes(capability));
  const { tools, events, static: folders } = manifest.contributes;
  return {
    ...manifest,
    grants,
    contributes: {
      tools: grants.includes('TOOLS') ? tools : [],
      events: {
        publish: grants.includes('EVENTS_PUB') ? events.publish : [],
        subscribe: grants.includes('EVENTS_SUB') ? events.subscribe : [],
      },
      static: grants.includes('STATIC') ? folders : [],
    },
  };
}
