import { element } from './element.js';

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

function fromNow(instant) {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return relative.format(Math.round(seconds / length), unit);
}

export const moment = (instant) =>
  instant === null
    ? '–'
    : element('time', { datetime: instant, title: new Date(instant).toLocaleString() }, fromNow(instant));

export function duration({ started_at, finished_at }) {
  if (started_at === null || finished_at === null) return '–';
  const ms = Date.parse(finished_at) - Date.parse(started_at);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Seconds as people say them: `2 minutes 5 seconds`. */
export function inWords(seconds) {
  const parts = [
    [Math.floor(seconds / 60), 'minute'],
    [seconds % 60, 'second'],
  ].filter(([count]) => count > 0);
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(' ');
}
