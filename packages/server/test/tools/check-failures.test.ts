import { expect, test } from 'vitest';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { options, toolOf } from './test-tools.ts';

const recursive = { type: 'object', properties: { next: { $ref: '#' } } };

/** Deeper than the stack of a recursive check. */
function deep(): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let depth = 0; depth < 200_000; depth += 1) value = { next: value };
  return value;
}

test('an output too deep for its schema is a failure of the output', async () => {
  const tools = new ToolRegistry();
  tools.register(toolOf('deep', async () => deep(), { outputSchema: recursive }));
  await expect(tools.invoke('deep', {}, options())).rejects.toMatchObject({
    code: 'output_invalid',
    message: expect.stringContaining('could not be checked: Maximum call stack size exceeded'),
  });
});

test('an input too deep for its schema is a failure of the input', async () => {
  const tools = new ToolRegistry();
  tools.register(toolOf('deep', async () => 1, { inputSchema: recursive }));
  const call = async () => tools.invoke('deep', deep(), options());
  await expect(call()).rejects.toMatchObject({ name: 'RunFailure', code: 'input_invalid' });
});
