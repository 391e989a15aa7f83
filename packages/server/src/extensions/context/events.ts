import { includesScope } from '@ordinaut/contract';
import {
  type ActingAs,
  CapabilityError,
  type EventPublisher,
  type EventReader,
  type FollowOptions,
  type Json,
  RequestError,
  type StreamEvent,
  type Undo,
} from '@ordinaut/kit';
import { currentBehalf, currentChain, runAsServer } from '../../containment/attribution.ts';
import { toRequestError } from '../../containment/request-error.ts';
import { maySee } from '../../events/may-see.ts';
import { CORE_STREAM, type EventStreams, extensionStream } from '../../events/streams.ts';
import { outsideTopicIssue, scopeOfTopic } from '../../events/topics.ts';
import type { Ledger } from '../ledger.ts';
import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';
import { declaredFor, type Topics } from './topics.ts';

interface EventDeps {
  readonly manifest: ResolvedManifest;
  readonly streams: Pick<EventStreams, 'publish' | 'follow'>;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly signal: AbortSignal;
  /** Hears of each use of what is not granted. */
  refused(capability: 'EVENTS_PUB' | 'EVENTS_SUB'): void;
}

/** The part of the context for events: what the manifest declares, and what is granted of it. */
export function eventsOf({
  manifest,
  streams,
  ledger,
  topics,
  signal,
  refused,
}: EventDeps): EventPublisher & EventReader {
  const { id, grants, contributes } = manifest;
  const undos = new Map<string, Set<Undo>>();
  const assertGranted = (capability: 'EVENTS_PUB' | 'EVENTS_SUB') => {
    if (grants.includes(capability)) return;
    refused(capability);
    throw new CapabilityError(id, capability, grants);
  };
  const declaredPattern = (kind: 'publish' | 'subscribe', wanted: string): string => {
    const declared = contributes.events[kind];
    const pattern = declaredFor(wanted, declared);
    if (pattern !== null) return pattern;
    throw new RequestError(
      'forbidden',
      `The extension ${id} may not ${kind} ${JSON.stringify(wanted)}: add it to contributes.events.${kind} in its extension.json.`,
      { extension_id: id, topic: wanted, declared: [...declared] },
    );
  };
  return {
    async publish(topic: string, data: Json, options: ActingAs = {}) {
      assertGranted('EVENTS_PUB');
      assertMay('events:publish', options);
      // Subscribers look at the topic alone: an extension that could publish run.failed would speak for the server.
      const issue = outsideTopicIssue(topic);
      if (issue !== null) throw new RequestError('bad_request', `${issue.field}: ${issue.issue}`, { ...issue });
      declaredPattern('publish', topic);
      ledger.assertOpen(`publish ${topic}`);
      const stream = extensionStream(id, topic);
      const fresh = { stream, topic, data, source: `ext.${id}`, chain: currentChain() };
      const published = runAsServer(() => streams.publish(fresh));
      const { event } = await published.catch((error: unknown) => {
        throw toRequestError(error);
      });
      return event.id;
    },
    async subscribe(pattern: string, handler: (event: StreamEvent<never>) => unknown) {
      assertGranted('EVENTS_SUB');
      const declared = declaredPattern('subscribe', pattern);
      ledger.assertOpen(`subscription ${pattern}`);
      // The types of the data are those of the topic the caller has named.
      const remove = topics.add(pattern, declared, handler as (event: StreamEvent) => unknown);
      const undo = ledger.add('subscription', pattern, remove);
      const ofPattern = undos.get(pattern) ?? new Set();
      undos.set(pattern, ofPattern.add(undo));
      return undo;
    },
    async unsubscribe(pattern: string) {
      assertGranted('EVENTS_SUB');
      for (const undo of undos.get(pattern) ?? []) await undo();
      undos.delete(pattern);
    },
    follow(topic: string, { from = 'own', after = null, signal: wanted, ...options }: FollowOptions) {
      assertGranted('EVENTS_SUB');
      assertMay('events:read', options);
      const scope = scopeOfTopic(topic);
      if (scope !== null && from === 'core') assertMay(scope, options);
      // What it may publish itself it may follow too: a declared subscription would have the events wake it up.
      const mayPublish = from === 'own' && declaredFor(topic, contributes.events.publish) !== null;
      if (!mayPublish) declaredPattern('subscribe', topic);
      ledger.assertOpen(`follow ${topic}`);
      const selection =
        from === 'core' ? { stream: CORE_STREAM, pattern: topic } : { stream: extensionStream(id, topic) };
      const events = streams.follow(selection, { after, signal: AbortSignal.any([wanted, signal]) });
      const behalf = behalfOf(options);
      return behalf === null || from === 'own' ? events : seenBy(behalf.scopes, events);
    },
  };
}

/** For whom an extension does something; null: for itself. */
const behalfOf = ({ as }: ActingAs) => (as === 'extension' ? null : currentBehalf());

/** Of a wide pattern they get what they may see. */
async function* seenBy(scopes: readonly string[], events: ReturnType<EventStreams['follow']>) {
  for await (const event of events) if ('gap' in event || maySee(event.topic, scopes)) yield event;
}

/** Whoever an extension does something for has to be allowed to do it themselves. */
function assertMay(scope: string, options: ActingAs): void {
  const behalf = behalfOf(options);
  if (behalf === null || includesScope(behalf.scopes, scope)) return;
  throw new RequestError('forbidden', `This needs the scope ${scope}.`, {
    required_scopes: [scope],
    granted_scopes: [...behalf.scopes],
  });
}
