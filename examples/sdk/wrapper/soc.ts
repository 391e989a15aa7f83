import { type CommonOptions, ConflictError, type Credentials, type FinishedRun, OrdinautClient } from '@ordinaut/sdk';
import { defaults, PLAYBOOK_MS } from './defaults.ts';
import { alertOf, type Finding, type Incident, incidentOf } from './incident.ts';
import { Metrics } from './metrics.ts';

/** The incident is closed, and what was asked for needs an open one. */
export class IncidentClosedError extends Error {
  override readonly name = 'IncidentClosedError';
}

/** There is no playbook of this name; `known` are those there are. */
export class UnknownPlaybookError extends Error {
  override readonly name = 'UnknownPlaybookError';
}

/**
 * The security operations of a company, on Ordinaut. Whoever uses it knows findings, incidents and playbooks, and nothing of HTTP. Other failures are
 * those of the client.
 */
export class Soc {
  readonly #client: OrdinautClient;
  readonly #metrics = new Metrics();

  /** @param options where the server is and who asks; everything else has a default of the company. */
  constructor(options: CommonOptions & Credentials) {
    this.#client = new OrdinautClient({
      ...defaults,
      ...options,
      observers: [this.#metrics, ...(options.observers ?? [])],
    });
  }

  /** Reports a finding. The same again, while it is not closed, is the same incident. */
  async report(finding: Finding): Promise<{ readonly isNew: boolean; readonly incident: Incident }> {
    const { outcome, alert } = await this.#client.alerts.submit(alertOf(finding));
    return { isNew: outcome === 'created', incident: incidentOf(alert) };
  }

  /** What nobody has taken yet, the most urgent first, then what waits longest. */
  async waiting(): Promise<Incident[]> {
    const order = ['now', 'today', 'later'];
    const incidents = (await this.#client.alerts.list({ status: 'new', limit: 200 }).toArray(1_000)).map(incidentOf);
    return incidents.toReversed().toSorted((a, b) => order.indexOf(a.urgency) - order.indexOf(b.urgency));
  }

  /** Takes an incident for somebody; one that is taken stays with its owner. @throws IncidentClosedError */
  async take(id: string, owner: string): Promise<Incident> {
    return incidentOf(await whileOpen(id, this.#client.alerts.acknowledge(id, { assigned_agent: owner })));
  }

  /** Closes an incident. @throws IncidentClosedError where it is closed with another verdict. */
  async close(id: string, verdict: 'fixed' | 'harmless'): Promise<Incident> {
    const status = verdict === 'fixed' ? 'resolved' : 'false_positive';
    return incidentOf(await whileOpen(id, this.#client.alerts.update(id, { status })));
  }

  /**
   * Runs the task with this title, and waits for its end.
   *
   * @param options.key the same for every try of the same thing, which is then done once; default: a new one.
   * @param options.withinMs default: five minutes.
   * @throws UnknownPlaybookError, TimeoutError.
   */
  async playbook(
    name: string,
    params: Readonly<Record<string, unknown>>,
    options: { readonly key?: string; readonly withinMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<FinishedRun> {
    const { key: idempotencyKey, withinMs: deadline = PLAYBOOK_MS, signal } = options;
    const tasks = await this.#client.tasks.list({ status: 'active', limit: 200 }, { signal }).toArray(1_000);
    const task = tasks.find(({ title }) => title === name);
    if (task === undefined)
      throw new UnknownPlaybookError(
        `There is no playbook "${name}"; there are ${tasks.map(({ title }) => `"${title}"`).join(', ') || 'none'}.`,
      );
    const { details } = await this.#client.tasks.runNow(task.id, { params: { ...params } }, { signal, idempotencyKey });
    return this.#client.runs.wait(String(details.run_id), { deadline, signal });
  }

  /** What the calls have cost, for Prometheus. */
  metrics(): string {
    return this.#metrics.text(this.#client.stats());
  }

  end(): void {
    this.#client.close();
  }
}

async function whileOpen<Result>(id: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ConflictError) throw new IncidentClosedError(`Incident ${id} is closed.`, { cause: error });
    throw error;
  }
}
