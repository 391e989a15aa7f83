import Type from 'typebox';
import { RunFailure } from '../../kernel/errors.ts';
import { defineTool } from '../define-tool.ts';

/** Fails, always: as `failed_on_purpose`, or as `failed_for_good` when a retry makes no sense. */
export const fail = defineTool({
  name: 'core.fail',
  description: 'Fails with a message. With `retryable: false` the run is not tried again.',
  input: Type.Object(
    {
      message: Type.Optional(Type.String({ maxLength: 2000, default: 'The step core.fail was reached.' })),
      retryable: Type.Optional(Type.Boolean({ default: true })),
    },
    { additionalProperties: false },
  ),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  scopes: [],
  async call({ message = 'The step core.fail was reached.', retryable = true }) {
    throw new RunFailure(retryable ? 'failed_on_purpose' : 'failed_for_good', message);
  },
});
