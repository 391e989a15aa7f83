import type { FieldIssue } from '@ordinaut/contract';

const MAX_LENGTH = 200;

/** Topics that only the server publishes. */
const reserved = ['run', 'task', 'approval', 'alert', 'handler', 'extension'];

/** The scope, besides that for events, of those who may see what is published under a topic; null: none. */
export function scopeOfTopic(topic: string): 'alerts:read' | 'handlers:read' | null {
  if (topic.startsWith('alert.')) return 'alerts:read';
  return topic.startsWith('handler.') ? 'handlers:read' : null;
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
  if (!reserved.includes(first)) return null;
  return {
    field: 'topic',
    issue: `is ${JSON.stringify(topic)}; topics under ${first}. are published by the server alone`,
  };
}
