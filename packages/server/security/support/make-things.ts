import type { Answer, TestApi } from '../../test/support/server.ts';
import { KnownThings } from './known-things.ts';
import { PASSWORD } from './password.ts';

/** Makes something of every kind, for requests to meet. */
export async function makeThings({ call, createTask, runNow, ended }: TestApi): Promise<KnownThings> {
  const known = new KnownThings();
  const made = async <Body>(path: string, body?: unknown): Promise<Body> => {
    const answer: Answer<Body> = await call<Body>('POST', path, body);
    if (answer.status >= 400) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const times = <Value>(count: number, make: (n: number) => Promise<Value>): Promise<Value[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => make(n)));

  const task = async (uses: string, input: object) =>
    (await createTask({ max_retries: 0, payload: { pipeline: [{ id: 'a', uses, with: { ...input } }] } })).id;
  known.add('task', ...(await times(40, () => task('core.echo', { text: 'x' }))));
  known.add('doomedtask', ...(await times(40, () => task('core.echo', { text: 'x' }))));
  const [sleeper, failing] = [await task('core.sleep', { seconds: 1_000_000 }), await task('core.fail', {})];
  known.add('waitingrun', ...(await times(40, () => runNow(sleeper))));
  const asker = await task('approvals.request', { title: 'May it?', details: { note: 'x' } });
  for (const kind of ['approval', 'doomedapproval'] as const)
    known.add(kind, ...(await times(40, async () => approvalOf(call, await runNow(asker)))));
  const finished = async (id: string) => (await ended(await runNow(id))).id;
  known.add('run', ...(await times(10, (n) => finished(known.fill(`@task:${n}`)))));
  known.add('failedrun', ...(await times(10, () => finished(failing))));

  const user = async (username: string) =>
    (await made<{ username: string }>('/users', { username, password: PASSWORD })).username;
  known.add('user', 'admin', ...(await times(3, (n) => user(`user${n}`))));
  known.add('doomeduser', ...(await times(3, (n) => user(`doomed${n}`))));
  const agent = async (name: string) => (await made<{ id: string }>('/agents', { name })).id;
  known.add('agent', ...(await times(10, (n) => agent(`agent${n}`))));
  known.add('doomedagent', ...(await times(10, (n) => agent(`doomed-agent${n}`))));
  const { agent_secret } = await made<{ agent_secret: string }>(`/agents/${known.fill('@agent:0')}/credentials`);
  known.add('secret', agent_secret);
  const refresh = async () =>
    (await made<{ refresh_token: string }>('/auth/token', { username: 'user0', password: PASSWORD })).refresh_token;
  for (const kind of ['refresh', 'agentrefresh', 'doomedrefresh'] as const)
    known.add(kind, ...(await times(3, refresh)));
  const key = async (name: string) => (await made<{ id: string }>('/auth/api-keys', { name, owner: 'user0' })).id;
  known.add('key', ...(await times(20, (n) => key(`key${n}`))));

  const alert = async (n: number) =>
    (await made<{ id: string }>('/alerts', { title: `alert${n}`, severity: 'info', source: 'fuzz', dedup_key: `${n}` }))
      .id;
  known.add('alert', ...(await times(40, alert)));
  const handler = async (input: object) => (await made<{ id: string }>('/handlers', input)).id;
  const echoing = { pipeline: [{ id: 'a', uses: 'core.transform', with: { expression: '@', data: '${event.body}' } }] };
  known.add('handler', ...(await times(10, () => handler(echoing))));
  known.add('dynamichandler', ...(await times(5, () => handler({ is_dynamic: true }))));
  known.add('doomedhandler', ...(await times(40, () => handler(echoing))));
  const { events } = await made<{ events: { event_id: string }[] }>(
    `/handlers/${known.fill('@handler:0')}/events/raw`,
    { events: Array.from({ length: 20 }, (_, data) => ({ data })) },
  );
  known.add('handlerevent', ...events.map(({ event_id }) => event_id));

  const { body: audit } = await call<{ items: { id: string }[] }>('GET', '/audit');
  known.add('entry', ...audit.items.map(({ id }) => id));
  const { body: tools } = await call<{ items: { name: string }[] }>('GET', '/tools');
  known.add('tool', ...tools.items.map(({ name }) => name));
  const { body: extensions } = await call<{ extensions: object }>('GET', '/ext/status');
  known.add('extension', ...Object.keys(extensions.extensions));
  return known;
}

/** What a run asks, as soon as it does. */
async function approvalOf(call: TestApi['call'], runId: string): Promise<string> {
  for (;;) {
    const { body } = await call<{ items: { id: string }[] }>('GET', `/approvals?run_id=${runId}`);
    if (body.items[0] !== undefined) return body.items[0].id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
