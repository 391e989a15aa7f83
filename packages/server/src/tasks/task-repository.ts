import type { Page, TaskListQuery, TaskStatus, Topic } from '@ordinaut/contract';
import type { Kysely, Transaction } from 'kysely';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import { notedRow, taskEvent } from '../storage/run-events.ts';
import type { Store } from '../storage/store.ts';
import type { RevisionRow, Tables, TaskRow } from '../storage/tables.ts';
import type { TaskRecord } from './task-resource.ts';

/** The SQL of tasks and their revisions. */
export class TaskRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async insert(task: TaskRow, revision: RevisionRow): Promise<void> {
    const { db } = this.#store;
    await this.#store.atomically([
      db.insertInto('tasks').values(task),
      db.insertInto('task_revisions').values(revision),
      db.insertInto('event_blocks').values(notedRow('task.created', [taskEvent(task.id)], task.created_at)),
      ...(isEventDriven(task) ? [nextVersion(db)] : []),
    ]);
    this.#store.signals.emit('noted');
    if (task.next_run_at !== null) this.#store.signals.emit('tasks');
  }

  find(id: string): Promise<TaskRecord | undefined> {
    return records(this.#store.db).where('tasks.id', '=', id).executeTakeFirst();
  }

  list(query: TaskListQuery): Promise<Page<TaskRecord>> {
    const { status, schedule_kind, created_by } = query;
    const filtered = <Builder extends ReturnType<typeof records>>(from: Builder): Builder => {
      let rows = from;
      if (status !== undefined) rows = rows.where('tasks.status', '=', status) as Builder;
      if (schedule_kind !== undefined) rows = rows.where('tasks.schedule_kind', '=', schedule_kind) as Builder;
      if (created_by !== undefined) rows = rows.where('tasks.created_by', '=', created_by) as Builder;
      return rows;
    };
    return keysetPage(query, {
      count: (limit) => filtered(records(this.#store.db)).clearSelect().select('tasks.id').limit(limit),
      db: this.#store.db,
      page: (window) => inWindow(filtered(records(this.#store.db)), window, 'tasks.id'),
    });
  }

  /**
   * Changes a task under its lock: `change` sees it as it is and answers what to write, or throws to leave it.
   *
   * @returns the task as it then is; undefined where there is none.
   */
  async change(id: string, change: (task: TaskRecord) => TaskChange | null): Promise<TaskRecord | undefined> {
    const changed = await this.#store.db.transaction().execute(async (tx) => {
      let query = records(tx).where('tasks.id', '=', id);
      if (this.#store.kind === 'postgres') query = query.forUpdate('tasks');
      const task = await query.executeTakeFirst();
      if (task === undefined) return undefined;
      const { fields, revision } = change(task) ?? {};
      if (revision !== undefined) await tx.insertInto('task_revisions').values(revision).execute();
      if (fields === undefined) return task;
      await tx.updateTable('tasks').set(fields).where('id', '=', id).execute();
      const topic = topicOfChange(task.status, fields.status ?? task.status);
      const noted = notedRow(topic, [taskEvent(id)], fields.updated_at ?? task.updated_at);
      await tx.insertInto('event_blocks').values(noted).execute();
      const changed = { ...task, ...revision, ...fields, created_at: task.created_at };
      if (isEventDriven(task) || isEventDriven(changed)) await nextVersion(tx).execute();
      return changed;
    });
    this.#store.signals.emit('noted');
    if (changed?.next_run_at !== null && changed !== undefined) this.#store.signals.emit('tasks');
    return changed;
  }
}

export interface TaskChange {
  readonly fields?: Partial<TaskRow> & { status?: TaskStatus };
  readonly revision?: RevisionRow;
}

/** The tasks that events start are known by a version, which changes with them. */
const nextVersion = (db: Kysely<Tables> | Transaction<Tables>) =>
  db.updateTable('event_state').set(({ eb }) => ({ tasks_version: eb('tasks_version', '+', 1) }));

const isEventDriven = ({ schedule_kind }: Pick<TaskRow, 'schedule_kind'>): boolean =>
  schedule_kind === 'event' || schedule_kind === 'condition';

function topicOfChange(from: TaskStatus, to: TaskStatus): Topic {
  if (from === to) return 'task.updated';
  if (to === 'active') return from === 'paused' ? 'task.resumed' : 'task.updated';
  return `task.${to}`;
}

const records = (db: Kysely<Tables> | Transaction<Tables>) =>
  db
    .selectFrom('tasks')
    .innerJoin('task_revisions', (join) =>
      join.onRef('task_revisions.task_id', '=', 'tasks.id').onRef('task_revisions.revision', '=', 'tasks.revision'),
    )
    .selectAll('tasks')
    .select([
      'task_revisions.payload',
      'task_revisions.max_retries',
      'task_revisions.backoff_strategy',
      'task_revisions.scopes',
      'task_revisions.author',
    ]);
