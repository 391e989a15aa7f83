import type { Tools } from '@ordinaut/kit';

interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly total: number;
}

interface Task {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly next_run_at: string | null;
}

interface Run {
  readonly id: string;
  readonly task_id: string;
  readonly status: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: { readonly message: string } | null;
}

interface ExtensionsStatus {
  readonly extensions: Readonly<
    Record<
      string,
      {
        readonly state: string;
        readonly info: { id: string; name: string; version: string; description: string };
        readonly error?: string;
      }
    >
  >;
  readonly total_extensions: number;
}

/** A task as the page and the API of this extension show it. */
export interface ShownTask {
  readonly id: string;
  readonly title: string;
  readonly status: string;
  readonly next_run: string | null;
}

const TASKS = 100;
const RUNS = 15;

/** What the page shows, read with the tools of the server. */
export function openData(tools: Tools) {
  // The tools check their output against their schemas.
  const use = async <Output>(
    tool: string,
    input: Record<string, unknown>,
    as: 'caller' | 'extension' = 'caller',
  ): Promise<Output> => (await tools.call(tool, input, { as })) as Output;

  return {
    async tasks(): Promise<{ tasks: ShownTask[]; total: number }> {
      const { items, total } = await use<PageOf<Task>>('list_tasks', { limit: TASKS });
      return { tasks: items.map(show), total };
    },

    async createTask(input: Record<string, unknown>): Promise<ShownTask> {
      const { task_id, ...task } = await use<Omit<Task, 'id'> & { task_id: string }>('create_task', input);
      return show({ id: task_id, ...task });
    },

    async runs() {
      const { items, total } = await use<PageOf<Run>>('list_runs', { limit: RUNS });
      const titles = new Map<string, string | null>();
      await Promise.all(
        [...new Set(items.map((run) => run.task_id))].map(async (task_id) => {
          const task = await use<Task>('get_task', { task_id }).catch(() => null);
          titles.set(task_id, task?.title ?? null);
        }),
      );
      const runs = items.map((run) => ({
        id: run.id,
        task_id: run.task_id,
        task: titles.get(run.task_id) ?? null,
        status: run.status,
        created_at: run.created_at,
        started_at: run.started_at,
        finished_at: run.finished_at,
        error: run.error?.message ?? null,
      }));
      return { runs, total };
    },

    async extensions() {
      // Which there are is open to everybody by default; whoever sees the page has logged in besides.
      const status = await use<ExtensionsStatus>('list_extensions', {}, 'extension');
      const extensions = Object.values(status.extensions).map(({ info, state, error }) => ({
        ...info,
        state,
        error: error ?? null,
      }));
      return { extensions, total: status.total_extensions };
    },
  };
}

const show = ({ id, title, status, next_run_at }: Task): ShownTask => ({ id, title, status, next_run: next_run_at });
