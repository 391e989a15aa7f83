import { type Alert, alertStatusesAfter, isClosedAlert } from '@ordinaut/contract';
import type { AnyHandler, World } from '../call.ts';
import { newId } from '../new-id.ts';
import { isAsked, pageOf } from '../page.ts';
import { bodyIssues } from '../read-body.ts';
import type { SseMessage } from '../sse.ts';
import { badRequest, conflict } from '../test-error.ts';
import { found, isoNow } from './find.ts';

/** What is submitted: fields of an alert, and what makes it the same as another. */
export type AlertFields = Pick<Alert, 'title' | 'severity' | 'source'> &
  Partial<Omit<Alert, 'id' | 'dedup_hash' | 'occurrences'>> & { readonly dedup_key?: string | null };

/** SHA-256 of `title|source|` and the IOCs, each as `type:value` in lower case, sorted, joined by commas; or the caller's key. */
async function dedupHash({ title, source, iocs = [], dedup_key }: AlertFields): Promise<string> {
  if (dedup_key !== undefined && dedup_key !== null) return dedup_key;
  const indicators = iocs.map(({ type, value }) => `${type}:${value}`.toLowerCase()).sort();
  const text = new TextEncoder().encode(`${title}|${source}|${indicators.join(',')}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const openOne = ({ state }: World, hash: string): Alert | undefined =>
  [...state.alerts.values()].find(({ dedup_hash, status }) => dedup_hash === hash && !isClosedAlert(status));

/** Makes an alert, or counts one more occurrence of the one that is open already. */
export async function submitAlert(world: World, fields: AlertFields): Promise<{ alert: Alert; deduplicated: boolean }> {
  const dedup_hash = await dedupHash(fields);
  // From here on at once: of any number at the same moment one makes the alert.
  return addAlert(world, fields, dedup_hash);
}

/** @param hash default: one that no other alert has. */
export function addAlert(
  world: World,
  { dedup_key: _key, ...fields }: AlertFields,
  hash: string = newId(world.clock.now()),
): { alert: Alert; deduplicated: boolean } {
  const now = isoNow(world);
  const open = openOne(world, hash);
  const fresh: Alert = {
    id: newId(world.clock.now()),
    description: null,
    status: 'new',
    asset_type: null,
    affected_assets: [],
    iocs: [],
    mitre_techniques: [],
    raw_log: null,
    assigned_agent: null,
    case_id: null,
    dedup_hash: hash,
    occurrences: 1,
    first_seen: now,
    last_seen: now,
    created_at: now,
    updated_at: now,
    metadata: {},
    ...fields,
  };
  const alert =
    open === undefined ? fresh : { ...open, occurrences: open.occurrences + 1, last_seen: now, updated_at: now };
  return {
    alert: store(world, alert, open === undefined ? 'created' : 'deduplicated'),
    deduplicated: open !== undefined,
  };
}

function store({ state }: World, alert: Alert, change: 'created' | 'deduplicated' | 'updated'): Alert {
  state.alerts.set(alert.id, alert);
  state.events.publish(`alert.${change}`, alert);
  return alert;
}

function update(world: World, id: string, fields: Partial<Alert>): Alert {
  const alert = found(world.state.alerts, 'alert', id);
  const { status = alert.status } = fields;
  const allowed = alertStatusesAfter(alert.status);
  if (status !== alert.status && !allowed.includes(status))
    throw conflict(`Alert ${id} is ${alert.status} and cannot become ${status}; allowed: ${allowed.join(', ')}.`, {
      status: alert.status,
      wanted: status,
      allowed,
    });
  const other = isClosedAlert(alert.status) && !isClosedAlert(status) ? openOne(world, alert.dedup_hash) : undefined;
  if (other !== undefined)
    throw conflict(`Alert ${id} cannot be opened again: the same is open as ${other.id}. Go on with that one.`, {
      open_alert_id: other.id,
      dedup_hash: other.dedup_hash,
    });
  const changed = { ...alert, ...fields };
  if (JSON.stringify(changed) === JSON.stringify(alert)) return alert;
  return store(world, { ...changed, updated_at: isoNow(world) }, 'updated');
}

function acknowledge(world: World, id: string, by: string | null): Alert {
  const alert = found(world.state.alerts, 'alert', id);
  if (isClosedAlert(alert.status))
    throw conflict(`Alert ${id} is ${alert.status}; set its status to investigating to open it again.`, {
      status: alert.status,
      allowed: alertStatusesAfter(alert.status),
    });
  if (alert.status !== 'new') return alert;
  return update(world, id, { status: 'triaged', assigned_agent: by ?? alert.assigned_agent });
}

interface BulkResult {
  readonly outcome: 'created' | 'deduplicated' | 'rejected';
  readonly alert?: Alert;
  readonly error?: { readonly error: string; readonly message: string; readonly details: object };
}

/** One of many, which is rejected for itself. */
async function submitOne(world: World, fields: unknown): Promise<BulkResult> {
  const issues = bodyIssues('alerts.submit', fields);
  if (issues.length > 0) {
    const { code, message, details } = badRequest(issues);
    return { outcome: 'rejected', error: { error: code, message, details } };
  }
  const { alert, deduplicated } = await submitAlert(world, fields as AlertFields);
  return { outcome: deduplicated ? 'deduplicated' : 'created', alert };
}

type Filter = Partial<Pick<Alert, 'severity' | 'status' | 'source'>>;
const fits = (alert: Alert, { severity, status, source }: Filter): boolean =>
  isAsked(severity, alert.severity) && isAsked(status, alert.status) && isAsked(source, alert.source);

async function* follow(
  { state }: World,
  filter: Filter,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<SseMessage> {
  const from = after ?? state.events.head;
  if (after === null) yield { event: 'connected', id: from, data: {} };
  for await (const each of state.events.follow(from, signal)) {
    if ('after' in each) yield { event: 'gap', data: each };
    else if (each.topic.startsWith('alert.') && fits(each.data as Alert, filter))
      yield { event: each.topic, id: each.id, data: each.data };
  }
}

const idOf = (params: unknown): string => (params as { id: string }).id;

export const alertHandlers: Readonly<Record<string, AnyHandler>> = {
  'alerts.submit': async ({ world, body }) => {
    const { alert, deduplicated } = await submitAlert(world, body as AlertFields);
    return { status: deduplicated ? 200 : 201, result: { ...alert, deduplicated } };
  },
  'alerts.bulk': async ({ world, body }) => {
    const results: BulkResult[] = [];
    for (const fields of (body as { alerts: unknown[] }).alerts) results.push(await submitOne(world, fields));
    const count = (outcome: string) => results.filter((one) => one.outcome === outcome).length;
    const [created, deduplicated, rejected] = [count('created'), count('deduplicated'), count('rejected')];
    return { results, created, deduplicated, rejected };
  },
  'alerts.list': ({ world, query }) => {
    const { since, q, ...filter } = query as Filter & { since?: string; q?: string };
    const part = q?.toLowerCase();
    const matching = [...world.state.alerts.values()].filter(
      (alert) =>
        fits(alert, filter) &&
        (since === undefined || Date.parse(alert.last_seen) >= Date.parse(since)) &&
        (part === undefined || `${alert.title}\n${alert.description ?? ''}`.toLowerCase().includes(part)),
    );
    return pageOf(matching, query as object);
  },
  'alerts.stream': ({ world, query, lastEventId }) => {
    return (signal: AbortSignal) => follow(world, query as Filter, lastEventId, signal);
  },
  'alerts.get': ({ world, params }) => found(world.state.alerts, 'alert', idOf(params)),
  'alerts.update': ({ world, params, body }) => update(world, idOf(params), body as Partial<Alert>),
  'alerts.acknowledge': ({ world, params, body, caller }) => {
    const { assigned_agent = caller.principal?.name ?? null } = (body ?? {}) as { assigned_agent?: string };
    return acknowledge(world, idOf(params), assigned_agent);
  },
};
