import type { Task } from '@ordinaut/contract';
import { includesScope } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import type { SseMessage } from '../sse.ts';
import { badRequest } from '../test-error.ts';
import { topicGlob } from '../topic-glob.ts';
import { startRun } from './run-life.ts';

const HOUR_MS = 3_600_000;
/** Topics that only the server publishes. */
const reserved = ['run', 'task', 'approval', 'alert', 'handler', 'extension'];

function assertTopic(topic: string): void {
  const [first = ''] = topic.split('.');
  const shown = JSON.stringify(topic);
  const issue = topic.split('.').includes('')
    ? `is ${shown}, which has an empty name; it must be names joined by single dots`
    : /[*?\s]/.test(topic)
      ? `is ${shown}; an event has one topic, without * and ? and white space`
      : reserved.includes(first)
        ? `is ${shown}; topics under ${first}. are published by the server alone`
        : null;
  if (issue !== null) throw badRequest([{ field: 'topic', issue }]);
}

/** Starts the tasks of the kind `event` that wait for a topic. Conditions are not evaluated: such tasks do not run. */
function trigger(world: World, topic: string, event: unknown): string[] {
  const waits = ({ status, schedule_kind, event_topic }: Task): boolean =>
    status === 'active' && schedule_kind === 'event' && topicGlob(event_topic ?? '')(topic);
  const tasks = [...world.state.tasks.values()].filter(waits);
  for (const task of tasks) startRun(world, task, { trigger: 'event', params: { event } });
  return tasks.map(({ id }) => id);
}

async function* messages(
  { state }: World,
  matches: (topic: string) => boolean,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<SseMessage> {
  const from = after ?? state.events.head;
  if (after === null) yield { event: 'connected', id: from, data: {} };
  for await (const each of state.events.follow(from, signal)) {
    if ('after' in each) yield { event: 'gap', data: each };
    else if (matches(each.topic)) yield { event: 'event', id: each.id, data: each };
  }
}

export const eventHandlers: Handlers<'events'> = {
  'events.publish': ({ world, body, caller }) => {
    const { topic, payload = null, source_agent_id } = body;
    assertTopic(topic);
    const name = caller.principal?.name ?? 'api';
    if (caller.principal !== null && !includesScope(caller.scopes, 'admin') && (source_agent_id ?? name) !== name) {
      const issue = `is ${JSON.stringify(source_agent_id)}, but you are ${name}; leave it out`;
      throw badRequest([{ field: 'source_agent_id', issue }]);
    }
    const event = world.state.events.publish(topic, payload, source_agent_id ?? name);
    return {
      success: true,
      message: 'The event is published.',
      details: {
        event_id: event.event_id,
        stream_id: event.id,
        topic,
        triggered_tasks: trigger(world, topic, event),
        published_at: event.published_at,
      },
    };
  },
  'events.topics': ({ world }) => {
    const items = world.state.events
      .topics()
      .map(({ topic, count, last }) => ({
        topic,
        stream: last.stream,
        count,
        last_id: last.id,
        last_published_at: last.published_at,
      }))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1));
    return { items, total: items.length };
  },
  'events.recent': ({ world, query }) => {
    const items = world.state.events.all.toReversed().slice(0, query.count ?? 100);
    return { items, total: items.length };
  },
  'events.stream': ({ world, query, lastEventId }) => {
    const matches = topicGlob(query.topic ?? '**');
    return (signal) => messages(world, matches, lastEventId, signal);
  },
  'events.cleanup': ({ world, query }) => {
    const before = world.clock.now() - query.max_age_hours * HOUR_MS;
    const deleted = world.state.events.forget(before);
    const details = { deleted, before: new Date(before).toISOString() };
    return { success: true, message: `${deleted} events are deleted.`, details };
  },
};
