import { Alert, AlertInput } from '@ordinaut/contract';
import Type from 'typebox';
import { chainOfCaller } from '../storage/chain-of-caller.ts';
import type { Store } from '../storage/store.ts';
import { defineTool } from '../tools/define-tool.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { AlertService } from './alert-service.ts';

const outputSchema = Type.Object({
  alert_id: Alert.properties.id,
  deduplicated: Type.Boolean({ description: 'Whether it was open already, and has one more occurrence' }),
  status: Alert.properties.status,
  occurrences: Alert.properties.occurrences,
});

/**
 * Registers what pipelines (`alerts.create`) and assistants (`submit_alert`) can do with alerts. A step that is repeated counts once:
 * the second time it gets the outcome of the first.
 */
export function registerAlertTools(
  registry: ToolRegistry,
  { alerts, store }: { alerts: Pick<AlertService, 'submit'>; store: Store },
): void {
  for (const name of ['alerts.create', 'submit_alert']) {
    registry.register(
      defineTool({
        name,
        description:
          'Submits an alert. One with the same title, source and IOCs (or the same dedup_key) that is not resolved gets one more occurrence instead of a second alert.',
        input: AlertInput,
        outputSchema,
        annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
        scopes: ['alerts:write'],
        async call(input, { idempotencyKey }) {
          const chain = await chainOfCaller(store, idempotencyKey);
          const { id, deduplicated, status, occurrences } = await alerts.submit(input, { key: idempotencyKey, chain });
          return { alert_id: id, deduplicated, status, occurrences };
        },
      }),
    );
  }
}
