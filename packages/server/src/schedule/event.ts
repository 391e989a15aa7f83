import { ExpressionError, quote } from '../expressions/expression-error.ts';
import { compileExpression, isTruthy } from '../expressions/jmespath.ts';
import { findReferences } from '../expressions/references.ts';
import { singleQuotes } from '../expressions/single-quotes.ts';
import { didYouMean } from '../kernel/near.ts';
import { compileTopicGlob, TopicGlobError } from '../kernel/topic-glob.ts';
import type { EventSchedule, ScheduleEvent, Verdict } from './schedule.ts';
import { wrong } from './schedule-error.ts';

/**
 * A schedule of every event whose topic matches a glob.
 *
 * @throws ScheduleError (field `event_topic`).
 */
export function parseEvent(pattern: string): EventSchedule {
  const matchesTopic = matcherOf(pattern);
  return {
    kind: 'event',
    topic: pattern,
    expression: null,
    matches: (event) => matchesTopic(event.topic),
    judge: (event) => ({ matched: matchesTopic(event.topic), error: null }),
    describe: () => `On every event whose topic matches ${pattern}`,
  };
}

function matcherOf(pattern: string): (topic: string) => boolean {
  try {
    return compileTopicGlob(pattern);
  } catch (error) {
    if (error instanceof TopicGlobError) throw wrong('event_topic', error.message);
    throw error;
  }
}

/** The names a condition can begin with. */
const roots = ['topic', 'payload', 'event'];

/**
 * A predicate in JMESPath over `{topic, payload, event}`. One that begins with any other name, which nothing has, is refused.
 *
 * @throws ScheduleError (field `schedule_expr`).
 */
export function parsePredicate(expression: string): (event: ScheduleEvent) => Verdict {
  try {
    const evaluate = compileExpression(expression);
    const unknown = findReferences(expression).find(({ root }) => !roots.includes(root))?.root;
    if (unknown !== undefined) {
      const hint =
        singleQuotes(expression, unknown) || didYouMean(unknown, roots) || ` It begins with ${roots.join(', ')}.`;
      throw new ExpressionError(`${quote(expression)}: there is no \`${unknown}\` here.${hint}`);
    }
    return (event) => {
      try {
        const { topic, payload } = event;
        return { matched: isTruthy(evaluate({ topic, payload, event })), error: null };
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        return { matched: false, error: error.message };
      }
    };
  } catch (error) {
    if (error instanceof ExpressionError) throw wrong('schedule_expr', `condition: ${error.message}`);
    throw error;
  }
}

/** A schedule of the events whose topic matches and for which the predicate over `{topic, payload, event}` is true. */
export function conditionOf(
  event: EventSchedule,
  expression: string,
  predicate: (event: ScheduleEvent) => Verdict,
): EventSchedule {
  const judge = (given: ScheduleEvent): Verdict =>
    event.matches(given) ? predicate(given) : { matched: false, error: null };
  return {
    kind: 'condition',
    topic: event.topic,
    expression,
    matches: (given) => judge(given).matched,
    judge,
    describe: () => `${event.describe()} when ${expression} is true`,
  };
}
