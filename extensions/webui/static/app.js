/** Milliseconds between two looks at the server while the page is seen. */
const REFRESH_MS = 5_000;

const byId = (id) => document.getElementById(id);

/** An element with text or other elements in it. Text is set as text, so nothing of it is taken for HTML. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

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

const state = (name) =>
  element('span', { class: `state ${looks[name] ?? 'idle'}`, ...(notes[name] && { title: notes[name] }) }, name);

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

const moment = (instant) =>
  instant === null
    ? '–'
    : element('time', { datetime: instant, title: new Date(instant).toLocaleString() }, fromNow(instant));

function duration({ started_at, finished_at }) {
  if (started_at === null || finished_at === null) return '–';
  const ms = Date.parse(finished_at) - Date.parse(started_at);
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Rows of cells; a cell is a node, a text, or a list of them. The first column has no label on narrow screens. The roles are
 * what the elements mean already, but browsers forget it where the style displays them otherwise.
 */
function table(caption, columns, rows) {
  const head = (name) => element('th', { scope: 'col', role: 'columnheader' }, name);
  const cell = (content, index) =>
    element('td', { role: 'cell', ...(index > 0 && { 'data-label': columns[index] }) }, ...[content].flat());
  const row = (cells) => element('tr', { role: 'row' }, ...cells);
  return element(
    'table',
    { role: 'table', 'aria-label': caption },
    element('thead', { role: 'rowgroup' }, row(columns.map(head))),
    element('tbody', { role: 'rowgroup' }, ...rows.map((cells) => row(cells.map(cell)))),
  );
}

const sections = {
  tasks: {
    list: ({ tasks }) => tasks,
    nothing: () => [
      'No tasks yet. Create one with ',
      element('code', {}, 'ordinaut task create'),
      ' or ',
      element('code', {}, 'POST /tasks'),
      '.',
    ],
    show: (tasks) =>
      table(
        'Tasks',
        ['Title', 'Status', 'Next run'],
        tasks.map(({ title, status, next_run }) => [title, state(status), moment(next_run)]),
      ),
  },
  runs: {
    list: ({ runs }) => runs,
    nothing: () => ['Nothing has run yet.'],
    show: (runs) =>
      table(
        'Last runs',
        ['Task', 'Status', 'Created', 'Took'],
        runs.map((run) => [
          [run.task ?? run.task_id, run.error === null ? null : element('small', { class: 'bad' }, run.error)],
          state(run.status),
          moment(run.created_at),
          duration(run),
        ]),
      ),
  },
  extensions: {
    list: ({ extensions }) => extensions,
    nothing: () => ['No extensions are installed.'],
    show: (extensions) =>
      table(
        'Extensions',
        ['Name', 'State', 'Version'],
        extensions.map(({ name, description, state: now, version, error }) => [
          [
            name,
            description ? element('small', {}, description) : null,
            error ? element('small', { class: 'bad' }, error) : null,
          ],
          state(now),
          version,
        ]),
      ),
  },
};

/** Shows one section; throws where the server does not answer, which leaves what was there. */
async function refresh(name, { list, nothing, show }) {
  const response = await fetch(`api/${name}`, { signal: AbortSignal.timeout(10_000) });
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) throw new Error(answer?.message ?? `The server answers ${response.status}.`);
  const items = list(answer);
  const content = items.length === 0 ? element('p', { class: 'quiet' }, ...nothing()) : show(items);
  const total = answer.total ?? items.length;
  byId(`${name}-count`).textContent = total > items.length ? `${items.length} of ${total}` : String(items.length);
  const panel = byId(name);
  // Left alone where it is the same, so that a selection or a reading position stays.
  if (panel.firstElementChild?.outerHTML !== content.outerHTML) panel.replaceChildren(content);
  shown.add(name);
}

const shown = new Set();
let lastGood = null;

function tell(text, bad) {
  const line = byId('state');
  line.classList.toggle('bad', bad);
  // Set only when it changes: screen readers read it out.
  if (line.textContent !== text) line.textContent = text;
}

async function refreshAll() {
  const results = await Promise.allSettled(Object.entries(sections).map(([name, section]) => refresh(name, section)));
  const failures = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ name: Object.keys(sections)[index], error: result.reason }] : [],
  );
  if (failures.length === 0) {
    lastGood = new Date();
    tell('Live', false);
    return;
  }
  const since = lastGood === null ? '' : ` This page is as of ${lastGood.toLocaleTimeString()}.`;
  tell(`${sentence(failures[0].error)}${since}`, true);
  for (const { name, error } of failures) {
    // What has been shown before stays, with the time it is of above.
    if (!shown.has(name)) byId(name).replaceChildren(element('p', { class: 'notice' }, sentence(error)));
  }
}

function sentence(error) {
  if (error.name === 'TimeoutError') return 'The server does not answer.';
  return error instanceof TypeError ? 'The server cannot be reached.' : error.message;
}

let timer;

async function keepFresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  await refreshAll();
  clearTimeout(timer);
  timer = setTimeout(keepFresh, REFRESH_MS);
}

document.addEventListener('visibilitychange', keepFresh);
keepFresh();
