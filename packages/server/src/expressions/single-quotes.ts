/**
 * The way out for who writes a text in double quotes, which make it the name of a field in JMESPath: `a == "high"`.
 *
 * @param name a name that the expression uses and that does not exist.
 * @returns a sentence with a space before it, or nothing where the name stands in no quotes.
 */
export const singleQuotes = (expression: string, name: string): string =>
  expression.includes(JSON.stringify(name))
    ? ` In double quotes it is the name of a field; a text stands in single quotes: '${name}'.`
    : '';
