import type { EventMap } from '@ordinaut/contract';
import type { Logger, StreamEvent } from '../context.ts';
import { BasePlugin, pluginBrand } from './base-plugin.ts';
import type { EventBatch } from './event-batch.ts';
import type { MonitoringPoint } from './monitoring-point.ts';

/**
 * The events plugins are called for, and what each carries.
 *
 * `monitoring_event` and `sending_event` are of this process and come after the response of their request. All others are topics of
 * the event log: they are delivered at least once, to one of the processes.
 */
export interface PluginEventMap extends TopicEvents {
  monitoring_event: readonly MonitoringPoint[];
  sending_event: EventBatch;
}
type TopicEvents = { readonly [Topic in keyof EventMap]: StreamEvent<EventMap[Topic]> };

/**
 * Called for each event of one name.
 *
 * @example
 * ```ts
 * export class Pager extends BaseEventPlugin<'run.failed'> {
 *   readonly eventName = 'run.failed';
 *
 *   async handleEvent(event: PluginEventMap['run.failed'], logger: Logger) {
 *     logger.warn({ run: event.data.run_id }, 'a run has failed');
 *   }
 * }
 * ```
 */
export abstract class BaseEventPlugin<Name extends keyof PluginEventMap = keyof PluginEventMap> extends BasePlugin {
  static override readonly [pluginBrand]: 'event' | 'sending' | 'monitoring' = 'event';
  /** Name of the event: `monitoring_event`, `sending_event`, or a topic. */
  abstract readonly eventName: Name;

  /** It has 10 s. What it throws is logged and counted, and touches no other plugin. */
  abstract handleEvent(payload: PluginEventMap[Name], logger: Logger): unknown;
}
