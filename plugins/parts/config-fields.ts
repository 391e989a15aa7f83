import type { Field } from './read-config.ts';

type Options<Value> = Pick<Field<Value>, 'default' | 'isSecret'>;

/** A text of 1 to 500 characters. @param expected what it is, as `the name of a bucket`. */
export const text = (expected: string, options: Options<string> = {}): Field<string> => ({
  expected,
  fits: (value) => typeof value === 'string' && value.length > 0 && value.length <= 500,
  ...options,
});

/** A URL. @param schemes such as `http`. */
export const url = (schemes: readonly string[], options: Options<string> = {}): Field<string> => {
  const ways = schemes.map((scheme) => `${scheme}://`);
  return {
    expected: `a URL with ${ways.join(' or ')}`,
    fits: (value) =>
      typeof value === 'string' &&
      ways.some((way) => value.startsWith(way)) &&
      URL.canParse(value) &&
      new URL(value).hostname !== '',
    ...options,
  };
};

/** First names of the topics that only the server publishes. */
const ofServer: readonly string[] = ['run', 'task', 'approval', 'alert', 'handler', 'extension'];

/** The topic of an event that others than the server may publish. */
export const topic = (): Field<string> => ({
  expected: `a topic such as orders.received, none of the server (${ofServer.join(', ')})`,
  fits: (value) =>
    typeof value === 'string' &&
    value.length <= 200 &&
    /^[^\s.*?\u0000-\u001f\u007f]+(?:\.[^\s.*?\u0000-\u001f\u007f]+)*$/.test(value) &&
    !ofServer.includes(value.split('.', 1)[0]!),
});

export const whole = (least: number, most: number, value: number): Field<number> => ({
  expected: `a whole number from ${least} to ${most}`,
  fits: (given) => Number.isInteger(given) && Number(given) >= least && Number(given) <= most,
  default: value,
});

export const flag = (value: boolean): Field<boolean> => ({
  expected: 'true or false',
  fits: (given) => typeof given === 'boolean',
  default: value,
});

/** An object of texts. */
export const texts = (example: string): Field<Readonly<Record<string, string>>> => ({
  expected: `an object of texts such as ${example}`,
  fits: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string'),
  default: {},
});

/** The same field, which may be missing. */
export const optional = <Value>(field: Field<Value>): Field<Value | undefined> => ({ ...field, isOptional: true });
