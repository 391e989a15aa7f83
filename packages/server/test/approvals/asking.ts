import type { Approval, Page, Run, Step } from '@ordinaut/contract';
import type { Answer, TestApi } from '../support/server.ts';

/** A step that asks. */
export const ask = (input: Record<string, unknown> = {}, more: Partial<Step> = {}): Step => ({
  id: 'ask',
  uses: 'approvals.request',
  with: { title: 'Deploy?', ...input },
  ...more,
});
export const after: Step = { id: 'after', uses: 'core.echo', with: { value: '${steps.ask.decision}' } };

/** The run as soon as it waits, or is over: follows its stream. */
export async function parked(api: TestApi, runId: string, headers: Record<string, string> = {}): Promise<Run> {
  const stop = new AbortController();
  const response = await fetch(`${api.url}/runs/${runId}/stream`, { headers, signal: stop.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/^data: .*"status":"waiting"/m.test(text)) break;
  }
  stop.abort();
  return (await api.call<Run>('GET', `/runs/${runId}`, undefined, headers)).body;
}

/** The one approval of a run that waits for it. */
export async function askedBy(
  api: TestApi,
  runId: string,
  headers: Record<string, string> = {},
): Promise<{ run: Run; approval: Approval }> {
  const run = await parked(api, runId, headers);
  if (run.status !== 'waiting') throw new Error(`The run is ${run.status}: ${JSON.stringify(run.error)}`);
  const page = await api.call<Page<Approval>>('GET', `/approvals?run_id=${runId}`, undefined, headers);
  if (page.body.items?.length !== 1) throw new Error(`Not one approval: ${JSON.stringify(page.body)}`);
  return { run, approval: page.body.items[0]! };
}

/** Starts a run of these steps and waits until it asks. */
export async function askWith(api: TestApi, ...pipeline: Step[]): Promise<{ run: Run; approval: Approval }> {
  const task = await api.createTask({ payload: { pipeline } });
  return askedBy(api, await api.runNow(task.id));
}

export const decide = <Body = Approval>(
  api: TestApi,
  verb: 'approve' | 'reject',
  id: string,
  comment?: string,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> =>
  api.call<Body>('POST', `/approvals/${id}/${verb}`, comment === undefined ? undefined : { comment }, headers);
