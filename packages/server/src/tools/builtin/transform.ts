import Type from 'typebox';
import { compileExpression, ExpressionError } from '../../expressions/jmespath.ts';
import { RunFailure } from '../../kernel/errors.ts';
import { defineTool } from '../define-tool.ts';

/** Evaluates a JMESPath expression over `data`. */
export const transform = defineTool({
  name: 'core.transform',
  description: 'Evaluates a JMESPath expression over `data` and answers the result.',
  input: Type.Object(
    {
      expression: Type.String({ minLength: 1, maxLength: 4000, description: 'JMESPath' }),
      data: Type.Unknown({ description: 'What the expression looks at' }),
    },
    { additionalProperties: false },
  ),
  annotations: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
  scopes: [],
  async call({ expression, data }) {
    try {
      return compileExpression(expression)(data);
    } catch (error) {
      if (error instanceof ExpressionError) throw new RunFailure('input_invalid', error.message, { cause: error });
      throw error;
    }
  },
});
