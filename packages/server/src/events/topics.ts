import type { FieldIssue } from '@ordinaut/contract';

const MAX_LENGTH = 200;

/** First names of the topics that only the server publishes. */
export const reservedTopics: readonly string[] = ['run', 'task', 'approval', 'alert', 'handler', 'extension'];

/** What carries the things of a scope of their own, by the first name of the topic. */
const guarded = { alert: 'alerts:read', approval: 'approvals:read', handler: 'handlers:read' } as const;

type GuardingScope = (typeof guarded)[keyof typeof guarded];

/** The scopes that it takes, besides that for events, to see all of them. */
export const guardingScopes: readonly GuardingScope[] = Object.values(guarded);

/** The scope, besides that for events, of those who may see what is published under a topic; null: none. */
export function scopeOfTopic(topic: string): GuardingScope | null {
  const [first = '', ...rest] = topic.split('.');
  if (rest.length === 0 || !Object.hasOwn(guarded, first)) return null;
  return guarded[first as keyof typeof guarded];
}

/** What is wrong with a topic as a field of that name; null where nothing is. */
export function topicIssue(topic: unknown): FieldIssue | null {
  const wrong = (issue: string): FieldIssue => ({ field: 'topic', issue });
  if (typeof topic !== 'string') return wrong('must be a text: names joined by dots, like deploy.finished');
  if (topic.length < 1 || topic.length > MAX_LENGTH)
    return wrong(`has ${topic.length} characters; it must have 1 to ${MAX_LENGTH}`);
  const shown = JSON.stringify(topic);
  if (topic.split('.').includes(''))
    return wrong(`is ${shown}, which has an empty name; it must be names joined by single dots`);
  if (/[*?]/.test(topic)) return wrong(`is ${shown}, a pattern; an event has one topic, without * and ?`);
  if (/[\s\u0000-\u001f\u007f]/.test(topic)) return wrong(`is ${shown}; it must have no white space`);
  return null;
}

/** What is wrong with a topic that somebody outside the server publishes. */
export function outsideTopicIssue(topic: unknown): FieldIssue | null {
  const issue = topicIssue(topic);
  if (issue !== null) return issue;
  const [first = ''] = String(topic).split('.');
  if (!reservedTopics.includes(first)) return null;
  return {
    field: 'topic',
    issue: `is ${JSON.stringify(topic)}; topics under ${first}. are published by the server alone`,
  };
}
