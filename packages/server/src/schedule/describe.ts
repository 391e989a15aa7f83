import cronstrue from 'cronstrue';
import { toText } from 'rrule-temporal/totext';
import type { EventSchedule, TimeSchedule } from './schedule.ts';

/** A schedule in words, English: `At 08:00, Monday through Friday`. */
export function describeSchedule(schedule: TimeSchedule | EventSchedule): string {
  switch (schedule.kind) {
    case 'cron':
      return describeCron(schedule.expression);
    case 'rrule':
      return capital(toText(schedule.expression, 'en', { excludeTzAbbreviation: true }));
    case 'once':
      return `Once at ${schedule.expression}`;
    case 'event':
      return `On every event whose topic matches ${schedule.topic}`;
    case 'condition':
      return `On every event whose topic matches ${schedule.topic} when ${schedule.expression} is true`;
  }
}

function describeCron(expression: string): string {
  const fields = expression.split(' ');
  const [day, month, weekday] = fields.slice(-3);
  if (day === '*' || weekday === '*') return inWords(expression);
  // The library joins the two days by "and", but either is enough.
  const time = fields.slice(0, -3).join(' ');
  const [first = '', ...rest] = inWords(`${time} * ${month} ${weekday}`);
  return `${inWords(`${time} ${day} ${month} *`)}, and ${first.toLowerCase()}${rest.join('')}`;
}

const inWords = (expression: string): string => cronstrue.toString(expression, { use24HourTimeFormat: true });

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
