import { createHash } from 'node:crypto';
import type { AlertInput } from '@ordinaut/contract';

/**
 * What makes two alerts the same: the key of the caller as it is, otherwise the SHA-256 (hex) of `title|source|` and the IOCs, each as
 * `type:value` in lower case, sorted by their code units and joined by commas. Nothing else of an alert counts.
 */
export function dedupHash({
  title,
  source,
  iocs = [],
  dedup_key = null,
}: Pick<AlertInput, 'title' | 'source' | 'iocs' | 'dedup_key'>): string {
  if (dedup_key !== null) return dedup_key;
  const indicators = iocs.map(({ type, value }) => `${type}:${value}`.toLowerCase()).sort();
  return createHash('sha256')
    .update(`${title}|${source}|${indicators.join(',')}`)
    .digest('hex');
}
