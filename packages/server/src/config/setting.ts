import type { TSchema } from 'typebox';

/**
 * Every setting of the server: its environment variable and default stand beside the field, and the type, the validator,
 * the flags of `serve` and `docs/reference/settings.md` come from here.
 */
export interface SettingOptions {
  /** Name in the environment; the flag of `serve` is the same without the prefix, in kebab-case. */
  readonly env: string;
  readonly description: string;
  readonly default?: unknown;
  /** What a value has to be, where the schema does not say it well enough. */
  readonly expected?: string;
  /** Hidden where settings are shown. */
  readonly secret?: true;
  /** What stands between the items of a list. Default: a comma. */
  readonly separator?: string;
  /** The text may also be the path of a file with the JSON. */
  readonly orFile?: true;
}

/** A schema with what belongs to its setting. */
export const setting = <T extends TSchema, O extends SettingOptions>(schema: T, options: O): T & O =>
  Object.assign(schema, options);

/** No field beyond those of the section. */
export const strict = { additionalProperties: false } as const;
