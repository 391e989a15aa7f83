import {
  type PluginApp,
  type PluginEvents,
  type PluginHttp,
  RequestError,
  type StreamEvent,
  type Undo,
} from '@ordinaut/kit';
import { currentChain, runAsServer } from '../containment/attribution.ts';
import { toRequestError } from '../containment/request-error.ts';
import type { EventStreams } from '../events/streams.ts';
import { outsideTopicIssue } from '../events/topics.ts';
import type { Logger } from '../kernel/logger.ts';
import type { GuardedHttpClient } from '../outgoing/guarded-client.ts';

/** Below the time of a call for an event, so that the next attempt does not begin beside it. */
const TIMEOUT_MS = 8_000;
const MAX_RESPONSE_BYTES = 10_485_760;
const MAX_REDIRECTS = 5;

export interface PluginAppParts {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly streams: Pick<EventStreams, 'publish'>;
  readonly http: Pick<GuardedHttpClient, 'request'>;
  readonly plugin: PluginApp['plugin'];
  subscribe(pattern: string, handler: (event: StreamEvent) => unknown): Promise<Undo>;
}

const unending = new AbortController().signal;

/** What a plugin is made with. */
export const pluginApp = (parts: PluginAppParts): PluginApp =>
  Object.freeze({
    name: parts.name,
    config: parts.config,
    logger: parts.logger,
    signal: parts.signal,
    plugin: parts.plugin,
    events: eventsOf(parts),
    http: httpOf(parts),
  });

function eventsOf({ name, streams, subscribe }: PluginAppParts): PluginEvents {
  return {
    async publish(topic, data) {
      const issue = outsideTopicIssue(topic);
      if (issue !== null) throw new RequestError('bad_request', `${issue.field}: ${issue.issue}`, { ...issue });
      try {
        const fresh = { topic, data, source: `plugin.${name}`, chain: currentChain() };
        const { event } = await runAsServer(() => streams.publish(fresh));
        return event.id;
      } catch (error) {
        throw toRequestError(error);
      }
    },
    subscribe: (pattern: string, handler: (event: StreamEvent<never>) => unknown) =>
      subscribe(pattern, handler as (event: StreamEvent) => unknown),
  };
}

const httpOf = ({ http }: PluginAppParts): PluginHttp => ({
  async request(url, { method, headers = {}, json, body, timeoutMs = TIMEOUT_MS, signal: wanted } = {}) {
    if (typeof url !== 'string') throw new TypeError(`The URL is ${String(url)}; it must be a text.`);
    if (json !== undefined && body !== undefined) throw new TypeError('Give `json` or `body`, not both.');
    const hasBody = json !== undefined || body !== undefined;
    const answer = await http.request({
      url,
      method: method ?? (hasBody ? 'POST' : 'GET'),
      headers: json === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: json === undefined ? (body ?? null) : JSON.stringify(json),
      // Not that of the plugin: its queue is still emptied after the server began to stop.
      signal: wanted ?? unending,
      timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      maxRedirects: MAX_REDIRECTS,
    });
    const text = () => answer.body.toString('utf8');
    return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text()) };
  },
});
