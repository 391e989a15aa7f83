import { element } from './element.js';
import { stateMark } from './state-mark.js';
import { table } from './table.js';
import { duration, moment } from './times.js';

/** What the page shows: where it is in the answer of the server, and what it looks like. */
export const sections = {
  tasks: {
    list: ({ tasks }) => tasks,
    nothing: 'No tasks yet.',
    show: (tasks) =>
      table(
        'Tasks',
        ['Title', 'Status', 'Next run'],
        tasks.map(({ title, status, next_run }) => [title, stateMark(status), moment(next_run)]),
      ),
  },
  runs: {
    list: ({ runs }) => runs,
    nothing: 'Nothing has run yet.',
    show: (runs) =>
      table(
        'Last runs',
        ['Task', 'Status', 'Created', 'Took'],
        runs.map((run) => [
          [run.task ?? run.task_id, run.error === null ? null : element('small', { class: 'bad' }, run.error)],
          stateMark(run.status),
          moment(run.created_at),
          duration(run),
        ]),
      ),
  },
  extensions: {
    list: ({ extensions }) => extensions,
    nothing: 'No extensions are installed.',
    show: (extensions) =>
      table(
        'Extensions',
        ['Name', 'State', 'Version'],
        extensions.map(({ name, description, state, version, error }) => [
          [
            name,
            description ? element('small', {}, description) : null,
            error ? element('small', { class: 'bad' }, error) : null,
          ],
          stateMark(state),
          version,
        ]),
      ),
  },
};
