import { byId, setText, withCode } from './element.js';
import { scopesNeeded, sentenceOf } from './refusal.js';

const SCOPE = 'tasks:create';
const fields = ['title', 'schedule', 'timezone', 'pipeline'];

/**
 * The form for a new task, behind its button.
 *
 * @param options.session gives the one that is open now.
 * @param options.failed hears of a refusal, which may be for the whole page.
 * @param options.created hears that there is a new task.
 */
export function taskForm({ session, failed, created }) {
  const opener = byId('new-task');
  const panel = byId('task-panel');
  const form = byId('task-form');
  const message = byId('task-message');
  const button = form.querySelector('button');
  let focusLost = false;

  const open = (isOpen) => {
    panel.hidden = !isOpen;
    opener.setAttribute('aria-expanded', String(isOpen));
  };

  const mark = (name, issue) => {
    byId(`task-${name}-issue`).replaceChildren(...withCode(issue));
    if (issue === '') form.elements[name].removeAttribute('aria-invalid');
    else form.elements[name].setAttribute('aria-invalid', 'true');
  };

  const unmark = () => {
    for (const name of fields) mark(name, '');
    message.replaceChildren();
  };

  const clear = () => {
    form.reset();
    form.elements.timezone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    unmark();
  };

  /** Shows what is wrong, each at its field, and goes to the first. */
  const showIssues = (issues) => {
    for (const name of fields) {
      const own = issues.filter(({ field }) => fieldOf(field) === name);
      mark(name, own.map(issueText).join(' '));
    }
    const others = issues.filter(({ field }) => !fields.includes(fieldOf(field)));
    message.replaceChildren(...withCode(others.map(issueText).join(' ')));
    form.querySelector('[aria-invalid]')?.focus();
  };

  const show = (error) => {
    const { details = {}, missingScopes = [], isStaleToken = false } = error;
    const issues = details.errors ?? (typeof details.field === 'string' ? [details] : []);
    if (issues.length > 0) showIssues(issues);
    if (missingScopes.length > 0) message.replaceChildren('This ', ...scopesNeeded(missingScopes));
    else if (isStaleToken) setText(message, 'You have signed in anew in another window. Please send it once more.');
    else if (issues.length === 0) setText(message, sentenceOf(error));
  };

  const busy = (isBusy) => {
    const hadFocus = document.activeElement === button;
    button.disabled = isBusy;
    button.textContent = isBusy ? 'Creating…' : 'Create task';
    // A button that is disabled loses it.
    if (isBusy) focusLost = hadFocus;
    else if (focusLost) {
      focusLost = false;
      button.focus();
    }
  };

  const send = async () => {
    unmark();
    const { task, issues } = read(form.elements);
    if (issues.length > 0) return showIssues(issues);
    const by = session();
    busy(true);
    try {
      const { title, next_run } = await by.request('POST', 'api/tasks', task);
      clear();
      open(false);
      const next = next_run === null ? '' : ` It runs at ${new Date(next_run).toLocaleString()}.`;
      setText(byId('task-created'), `“${title}” is created.${next}`);
      opener.focus();
      created();
    } catch (error) {
      if (by.isOver) return;
      busy(false);
      show(error);
      failed(error, by);
    } finally {
      busy(false);
    }
  };

  opener.addEventListener('click', () => {
    open(panel.hidden);
    setText(byId('task-created'), '');
    if (!panel.hidden && !form.hidden) form.elements.title.focus();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button.disabled) void send();
  });
  for (const name of fields) form.elements[name].addEventListener('input', () => mark(name, ''));
  clear();

  return {
    /** Who may not create tasks sees why instead. */
    fit(to) {
      const may = to.may(SCOPE);
      form.hidden = !may;
      byId('task-refused').hidden = may;
      byId('task-refused').replaceChildren(...(may ? [] : ['Creating a task ', ...scopesNeeded([SCOPE])]));
    },
    get isBegun() {
      return fields.some((name) => name !== 'timezone' && form.elements[name].value !== '');
    },
    /** Forgets what was typed: somebody else has it now. */
    forget() {
      clear();
      open(false);
      setText(byId('task-created'), '');
    },
  };
}

/** `pipeline[0].uses` is shown at `pipeline`; of a task as it is stored, the pipeline stands in `payload`. */
const pathOf = (field) => field.replace(/^payload\./, '');
const fieldOf = (field) => pathOf(field).split(/[.[]/, 1)[0];

/** Issues continue the name of the field, as `is required` does, or are sentences themselves. */
function issueText({ field, issue }) {
  const path = pathOf(field);
  const text = path === fieldOf(field) ? issue.replace(/^is /, 'This is ') : `${path} ${issue}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The task of the form, and what the server need not be asked about. */
function read({ title, schedule, timezone, pipeline }) {
  const task = { title: title.value.trim(), schedule: schedule.value.trim() };
  const issues = [];
  if (task.title === '') issues.push({ field: 'title', issue: 'A task needs a title.' });
  if (task.schedule === '') issues.push({ field: 'schedule', issue: 'When does it run?' });
  if (timezone.value.trim() !== '') task.timezone = timezone.value.trim();
  if (pipeline.value.trim() !== '') {
    try {
      task.pipeline = JSON.parse(pipeline.value);
    } catch (error) {
      issues.push({ field: 'pipeline', issue: `This is no JSON: ${error.message}` });
    }
  }
  return { task, issues };
}
