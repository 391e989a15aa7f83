import type { PluginInfo } from '@ordinaut/contract';
import type { Plugin } from './plugin.ts';

/** A plugin as the API shows it. */
export function toPluginInfo({ name, status, error, runners, routes, crashes }: Plugin): PluginInfo {
  const kinds = [...new Set(runners.map(({ kind }) => kind))];
  const events = [...new Set(runners.map(({ event }) => event).filter((event) => event !== null))];
  const sum = (part: 'handled' | 'failed' | 'dropped' | 'retried') =>
    runners.reduce((total, { counts }) => total + counts[part], 0);
  const { counts: requests, list } = routes;
  return {
    name,
    kind: kinds.length === 0 ? null : kinds.length === 1 ? kinds[0]! : 'mixed',
    status,
    classes: runners.map((runner) => runner.name),
    event: events.length === 1 ? events[0]! : null,
    ...(error === null ? {} : { error }),
    routes: list.map(
      ({ path, methods }) => `${methods.map((method) => method.toUpperCase()).join('|')} /plugins/${name}${path}`,
    ),
    metrics: {
      handled_total: sum('handled'),
      failed_total: sum('failed'),
      retried_total: sum('retried'),
      dropped_total: sum('dropped'),
      requests_total: requests.handled + requests.failed,
      requests_failed_total: requests.failed,
      crashes_total: crashes,
      queued: runners.reduce((total, { queued }) => total + queued, 0),
    },
  };
}
