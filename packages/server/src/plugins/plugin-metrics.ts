import type { LabelValue } from '../metrics/family.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ClassRunner } from './class-runner.ts';
import type { Plugin } from './plugin.ts';
import type { PluginHost } from './plugin-host.ts';

const outcomes = ['handled', 'failed', 'retried', 'dropped'] as const;

/** Shows what plugins do. They are read at each scrape, so that counting costs their events nothing. */
export function addPluginMetrics(metrics: Metrics, { plugins }: PluginHost): void {
  if (plugins.length === 0) return;
  const ofPlugins = (value: (plugin: Plugin) => number) => () =>
    plugins.map((plugin) => ({ labels: [plugin.name], value: value(plugin) }));
  const ofClasses = (rows: (runner: ClassRunner) => { labels: LabelValue[]; value: number }[]) => () =>
    plugins.flatMap(({ name, runners }) =>
      runners.flatMap((runner) =>
        rows(runner).map(({ labels, value }) => ({ labels: [name, runner.name, ...labels], value })),
      ),
    );
  metrics.addGauge(
    { name: 'plugin_up', help: 'Whether a plugin runs.', labels: ['plugin'] },
    ofPlugins(({ status }) => (status === 'running' ? 1 : 0)),
  );
  metrics.addCounter(
    { name: 'plugin_crashes_total', help: 'Errors of a plugin that nothing caught.', labels: ['plugin'] },
    ofPlugins(({ crashes }) => crashes),
  );
  metrics.addCounter(
    {
      name: 'plugin_events_total',
      help: 'Events of a plugin class, by what became of them.',
      labels: ['plugin', 'class', 'outcome'],
    },
    ofClasses(({ counts }) => outcomes.map((outcome) => ({ labels: [outcome], value: counts[outcome] }))),
  );
  metrics.addCounter(
    { name: 'plugin_requests_total', help: 'Requests to the routes of a plugin.', labels: ['plugin', 'outcome'] },
    () =>
      plugins.flatMap(({ name, routes: { counts } }) =>
        (['handled', 'failed'] as const).map((outcome) => ({ labels: [name, outcome], value: counts[outcome] })),
      ),
  );
  metrics.addGauge(
    { name: 'plugin_queue_length', help: 'Events that wait for a plugin class.', labels: ['plugin', 'class'] },
    ofClasses(({ queued }) => [{ labels: [], value: queued }]),
  );
}
