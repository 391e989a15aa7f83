import type { HealthReport } from '@ordinaut/kit';
import { messageOf } from '../../kernel/errors.ts';
import { within } from '../../kernel/within.ts';

const HEALTH_MS = 5_000;
const states = ['healthy', 'degraded', 'unhealthy'] as const;

/** What a generation says of its health; anything but a proper report is unhealthy, with the reason as a check. */
export async function readHealth(ask: (() => unknown) | undefined): Promise<HealthReport> {
  if (ask === undefined) return { status: 'healthy', checks: {} };
  try {
    const report = await within(HEALTH_MS, ask, 'health() gave no answer');
    if (isReport(report)) return { status: report.status, checks: textsOf(report.checks ?? {}) };
    const text = JSON.stringify(report) ?? 'undefined';
    return unhealthy(`health() answered ${text.slice(0, 100)}; it must be {status: ${states.join('|')}, checks?}.`);
  } catch (error) {
    return unhealthy(messageOf(error));
  }
}

/** Whatever an extension takes for the state of a part, it is shown as a text. */
const textsOf = (checks: object): Record<string, string> =>
  Object.fromEntries(Object.entries(checks).map(([name, state]) => [name, String(state)]));

const unhealthy = (reason: string): HealthReport => ({ status: 'unhealthy', checks: { health: reason } });

const isReport = (report: unknown): report is HealthReport =>
  typeof report === 'object' &&
  report !== null &&
  'status' in report &&
  states.some((state) => state === report.status);
