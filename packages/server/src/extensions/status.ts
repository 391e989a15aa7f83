import type { ExtensionStatus, ExtensionsStatus } from '@ordinaut/contract';
import type { ExtensionTotals } from '../metrics/extension-metrics.ts';
import type { Extension } from './extension.ts';

const failed = new Set<Extension['state']>(['invalid', 'error', 'quarantined']);

export interface StatusOptions {
  /** Whether more is shown of each, for whoever manages them. */
  readonly effects: boolean;
  /** Whether it is told why one does not run: not to strangers, as it may say anything. Default: true. */
  readonly reasons?: boolean;
}

/** The extensions as `/ext/status` shows them. */
export function statusOf(
  extensions: readonly (readonly [string, Extension])[],
  sources: readonly string[],
  metrics: { extensionTotals(extension: string): ExtensionTotals },
  options: StatusOptions,
): ExtensionsStatus {
  const states = extensions.map(([, { state }]) => state);
  return {
    extensions: Object.fromEntries(
      extensions.map(([key, extension]) => [
        key,
        toStatus(extension, metrics.extensionTotals(extension.extensionId), options),
      ]),
    ),
    discovery_sources: [...sources],
    total_extensions: extensions.length,
    loaded_extensions: states.filter((state) => state === 'loaded').length,
    failed_extensions: states.filter((state) => failed.has(state)).length,
  };
}

function toStatus(extension: Extension, totals: ExtensionTotals, options: StatusOptions): ExtensionStatus {
  const { extensionId: id, manifest, generation, found, state, reason } = extension;
  return {
    state,
    info: {
      id,
      name: manifest?.name ?? id,
      version: manifest?.version ?? '',
      description: manifest?.description ?? '',
    },
    capabilities: [...(manifest?.grants ?? [])],
    loaded_ms: generation?.setupMs ?? null,
    metrics: {
      requests_total: totals.requests,
      errors_total: totals.errors,
      latency_ms_sum: Math.round(totals.latencyMs * 100) / 100,
    },
    ...(reason === null ? {} : { error: options.reasons === false ? 'It does not run; log in to see why.' : reason }),
    ...(options.effects
      ? {
          source: found.source,
          generation: generation?.number ?? null,
          breaker: extension.meter.breaker,
          effects: generation?.effects ?? [],
        }
      : {}),
  };
}
