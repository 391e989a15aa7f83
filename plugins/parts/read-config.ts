import type { PluginApp } from '@ordinaut/kit';

/** A field of a configuration. */
export interface Field<Value> {
  /** What it has to be, in words. */
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
  /** Without one it has to be given. */
  readonly default?: Value;
  readonly isOptional?: boolean;
  /** Whether its value is shown to nobody. */
  readonly isSecret?: boolean;
}

/** What `readConfig` gives for these fields. */
export type ConfigOf<Fields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/**
 * Reads the configuration of a plugin and puts the defaults in. Written by hand, because a library for it has 700 files that each plugin
 * would be compiled with.
 *
 * @throws Error that names every field that does not fit, its value and what it has to be.
 */
export function readConfig<Fields extends Readonly<Record<string, Field<unknown>>>>(
  { name, config }: Pick<PluginApp, 'name' | 'config'>,
  fields: Fields,
): ConfigOf<Fields> {
  const known = Object.keys(fields);
  const issues = Object.keys(config)
    .filter((field) => !known.includes(field))
    .map((field) => `${field} is not a known field; there are ${known.join(', ')}`);
  const read = Object.entries(fields).map(([field, { expected, fits, isOptional, isSecret, ...rest }]) => {
    const value: unknown = config[field] ?? rest.default;
    if (value === undefined) {
      if (isOptional !== true) issues.push(`${field} is missing; it must be ${expected}`);
    } else if (!fits(value)) {
      issues.push(`${field} is ${isSecret === true ? '(hidden)' : shown(value)}; it must be ${expected}`);
    }
    return [field, value];
  });
  if (issues.length > 0) throw new Error(`ORDINAUT_PLUGIN_CONFIG, ${JSON.stringify(name)}: ${issues.join('. ')}.`);
  return Object.fromEntries(read) as ConfigOf<Fields>;
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
};
