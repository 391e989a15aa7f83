import Type from 'typebox';
import { chainOfCaller } from '../storage/chain-of-caller.ts';
import type { Store } from '../storage/store.ts';
import { defineTool } from '../tools/define-tool.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { EventApi } from './event-api.ts';

const input = Type.Object(
  {
    topic: Type.String({ minLength: 1, maxLength: 200, description: 'Names joined by dots, like deploy.finished' }),
    payload: Type.Optional(Type.Unknown({ description: 'Anything JSON can hold, at most 256 KiB' })),
  },
  { additionalProperties: false },
);
const outputSchema = Type.Object({
  event_id: Type.String(),
  stream_id: Type.String(),
  triggered_tasks: Type.Array(Type.String(), { description: 'Ids of the tasks it has started a run of' }),
});

/** Registers what pipelines (`events.publish`) and assistants (`publish_event`) can do with events. */
export function registerEventTools(
  registry: ToolRegistry,
  { events, store }: { events: EventApi; store: Store },
): void {
  for (const name of ['events.publish', 'publish_event']) {
    registry.register(
      defineTool({
        name,
        description:
          'Publishes an event. Tasks of kind event and condition whose topic matches run, and subscribers get it.',
        input,
        outputSchema,
        annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
        scopes: ['events:publish'],
        async call({ topic, payload = null }, { principal, idempotencyKey }) {
          const chain = await chainOfCaller(store, idempotencyKey);
          const { details } = await events.publish({ topic, payload }, { source: principal ?? 'core', chain });
          const { event_id, stream_id, triggered_tasks } = details;
          return { event_id, stream_id, triggered_tasks };
        },
      }),
    );
  }
}
