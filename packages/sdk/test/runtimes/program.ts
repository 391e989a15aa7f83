import { OrdinautClient } from '../../src/index.ts';

/** What the program has seen. */
export interface Seen {
  readonly status: string;
  readonly output: unknown;
  readonly outcomes: readonly string[];
  readonly topic: string;
  readonly refused: { readonly name: string; readonly field: unknown };
  readonly aborted: string;
  readonly logins: number;
}

/** What a program does with the client, wherever it runs: the same in every runtime. */
export async function run(baseUrl: string, password: string): Promise<Seen> {
  let logins = 0;
  const client = new OrdinautClient({
    baseUrl,
    username: 'admin',
    password,
    observers: [
      {
        observe({ type }) {
          if (type === 'session') logins += 1;
        },
      },
    ],
  });
  try {
    const topic = firstTopic(client);
    const task = await client.tasks.create({
      title: 'In any runtime',
      schedule_kind: 'once',
      schedule_expr: '2099-01-01T00:00:00Z',
      payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: { text: 'hello' } }] },
    });
    const { details } = await client.tasks.runNow(task.id);
    const { status, output } = await client.runs.wait(String(details.run_id), { deadline: 20_000 });
    const alert = { title: `Twice ${task.id}`, severity: 'low', source: 'runtimes' } as const;
    const outcomes = [(await client.alerts.submit(alert)).outcome, (await client.alerts.submit(alert)).outcome];
    const refused = await client.tasks.create({ title: '' } as never).catch((error: unknown) => error);
    const aborted = await client.tasks.list({}, { signal: AbortSignal.abort() }).catch((error: unknown) => error);
    return {
      status,
      output,
      outcomes,
      topic: await topic,
      refused: { name: nameOf(refused), field: Object(refused).issues?.[0]?.field ?? null },
      aborted: nameOf(aborted),
      logins,
    };
  } finally {
    client.close();
  }
}

async function firstTopic(client: OrdinautClient): Promise<string> {
  const ended = new AbortController();
  for await (const item of client.events.subscribe('run.succeeded', { signal: ended.signal })) {
    if (item.type !== 'event') continue;
    ended.abort();
    return item.event.topic;
  }
  return 'none';
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
