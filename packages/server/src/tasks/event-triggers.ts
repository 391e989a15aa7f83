import type { ScheduleKind } from '@ordinaut/contract';
import type { EventTrigger, StartedRun, TriggerEvent, TriggerSet } from '../events/trigger.ts';
import { type Clock, toIso } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { compileTopicGlob, mayMatchIdsOf } from '../kernel/topic-glob.ts';
import { type EventSchedule, parseSchedule } from '../schedule/parse.ts';
import type { Store } from '../storage/store.ts';
import type { TaskRow } from '../storage/tables.ts';
import { orderedRun } from './request-run.ts';

/** Runs above each other that events may start: what goes on after that is taken for a loop. */
const MAX_CHAIN = 8;
/** Topics whose tasks are remembered. */
const KNOWN_TOPICS = 5000;

interface Watcher {
  readonly task: TaskRow;
  readonly schedule: EventSchedule;
  readonly matches: (topic: string) => boolean;
}

/** The tasks of kind `event` and `condition`, read once and again when one of them has changed. */
export class EventTriggers implements EventTrigger {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #known: Promise<TriggerSet> | null = null;

  constructor(deps: { store: Store; clock: Clock; logger: Logger }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  current(): Promise<TriggerSet> {
    return this.#known ?? this.refresh();
  }

  refresh(): Promise<TriggerSet> {
    const read = this.#read();
    this.#known = read;
    read.catch(() => {
      if (this.#known === read) this.#known = null;
    });
    return read;
  }

  async #read(): Promise<TriggerSet> {
    const { db } = this.#store;
    // The version first: what changes after it is noticed where the runs are stored.
    const { tasks_version } = await db.selectFrom('event_state').select('tasks_version').executeTakeFirstOrThrow();
    const kinds: ScheduleKind[] = ['event', 'condition'];
    const tasks = await db
      .selectFrom('tasks')
      .selectAll()
      .where('schedule_kind', 'in', kinds)
      .where('status', '=', 'active')
      .orderBy('id')
      .execute();
    const watchers = tasks.flatMap((task) => this.#watcher(task) ?? []);
    return this.#setOf(tasks_version, watchers);
  }

  #watcher(task: TaskRow): Watcher | null {
    try {
      const kind = task.schedule_kind === 'event' ? 'event' : 'condition';
      const spec = { expr: task.schedule_expr, eventTopic: task.event_topic, timezone: task.timezone, dtstart: null };
      const schedule = parseSchedule({ kind, ...spec });
      return { task, schedule, matches: compileTopicGlob(schedule.topic) };
    } catch (error) {
      // It was checked when it was stored; if a newer library reads it otherwise, one task stands still and not all of them.
      this.#logger.error({ err: error, task_id: task.id }, 'what starts a task cannot be read; events do not start it');
      return null;
    }
  }

  #setOf(version: number, watchers: readonly Watcher[]): TriggerSet {
    const byTopic = new Map<string, readonly Watcher[]>();
    const watchersOf = (topic: string): readonly Watcher[] => {
      let found = byTopic.get(topic);
      if (found === undefined) {
        found = watchers.filter((watcher) => watcher.matches(topic));
        if (byTopic.size >= KNOWN_TOPICS) byTopic.clear();
        byTopic.set(topic, found);
      }
      return found;
    };
    return {
      version,
      watches: (topic) => watchersOf(topic).length > 0,
      watchesFamily: (family) => watchers.some(({ schedule }) => mayMatchIdsOf(schedule.topic, family)),
      runsOf: (event) => watchersOf(event.topic).flatMap((watcher) => this.#runOf(watcher, event) ?? []),
    };
  }

  #runOf({ task, schedule }: Watcher, event: TriggerEvent): StartedRun | null {
    if (/^(run|approval)\./.test(event.topic) && (event.data as { task_id?: unknown })?.task_id === task.id)
      return null;
    const { topic, source, chain } = event;
    const shown = {
      topic,
      payload: event.data,
      source,
      published_at: toIso(event.publishedAt),
      event_id: event.eventId,
      chain: chain + 1,
    };
    const { matched, error } = schedule.judge(shown);
    const about = { task_id: task.id, title: task.title, topic, event_id: event.eventId };
    if (error !== null)
      this.#logger.warn(
        { ...about, reason: error },
        'the condition of a task could not be evaluated; it is not started',
      );
    if (!matched) return null;
    if (chain >= MAX_CHAIN) {
      this.#logger.warn(
        { ...about, chain },
        `a task is not started: ${MAX_CHAIN} runs that started each other by events are taken for a loop`,
      );
      return null;
    }
    const order = { trigger: schedule.kind, params: null, now: this.#clock.now() } as const;
    return { taskId: task.id, run: { ...orderedRun(task, order), chain: chain + 1 }, event: shown };
  }
}
