import { element } from './element.js';

const looks = {
  active: 'good',
  succeeded: 'good',
  loaded: 'good',
  running: 'busy',
  activating: 'busy',
  queued: 'wait',
  waiting: 'wait',
  paused: 'wait',
  draining: 'wait',
  failed: 'bad',
  error: 'bad',
  invalid: 'bad',
  quarantined: 'bad',
};

const notes = {
  discovered: 'It starts at its first use.',
  quarantined: 'It is kept from running until an operator resets it.',
};

/** The state of a task, run or extension, with a dot in its colour. */
export const stateMark = (name) =>
  element('span', { class: `state ${looks[name] ?? 'idle'}`, ...(notes[name] && { title: notes[name] }) }, name);
