import type { FieldIssue } from '@ordinaut/contract';

/** What is shown of a secret, and what keeps it where it is given back. */
export const HIDDEN = '********';

export type Values = Readonly<Record<string, unknown>>;

/**
 * The values of a configuration without those of secrets: properties with `"secret": true`, at any depth. What the schema does not
 * say enough of is hidden, too: fields that it does not name (they may be a secret with a typing mistake in its name), and all of
 * a list or a union in which somewhere is a secret.
 *
 * @param schema null: there is none, and everything is hidden.
 */
export const hideSecrets = (schema: Values | null, values: Values): Values =>
  replaceSecrets(schema, values, {}, () => HIDDEN);

/** Puts the present values in the place of what is shown of them. @returns also the fields that have none. */
export function restoreSecrets(
  schema: Values | null,
  values: Values,
  present: Values,
): { readonly values: Values; readonly issues: readonly FieldIssue[] } {
  const issues: FieldIssue[] = [];
  const restored = replaceSecrets(schema, values, present, (value, field, now) => {
    if (value !== HIDDEN) return value;
    if (now === undefined)
      issues.push({ field, issue: `is "${HIDDEN}", which keeps the present value, but there is none; give the value` });
    return now;
  });
  return { values: restored, issues };
}

/** Whether the value of a field, or what is around it, holds a secret: then it must not stand in a sentence. */
export function isHidden(schema: Values, field: string): boolean {
  const { properties, ...rest } = schema;
  if (field === '' || holdsSecret(rest)) return true;
  const names = Object.keys(isObject(properties) ? properties : {});
  const around = names.filter((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`));
  return around.length === 0 || around.some((name) => holdsSecret(propertyOf(properties, name)));
}

type Replace = (value: unknown, field: string, present: unknown) => unknown;

function replaceSecrets(schema: Values | null, values: Values, present: Values, replace: Replace): Values {
  const { properties, ...rest } = schema ?? {};
  return inEach(holdsSecret(rest) ? undefined : properties, values, present, '', replace);
}

const inEach = (properties: unknown, values: Values, present: unknown, path: string, replace: Replace): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const field = path === '' ? name : `${path}.${name}`;
      return [name, inOne(propertyOf(properties, name), value, propertyOf(present, name), field, replace)];
    }),
  );

function inOne(schema: unknown, value: unknown, present: unknown, field: string, replace: Replace): unknown {
  if (schema !== undefined && !holdsSecret(schema)) return value;
  if (isObject(schema) && isObject(value)) {
    const { properties, ...rest } = schema;
    if (!holdsSecret(rest)) return inEach(properties, value, present, field, replace);
  }
  return replace(value, field, present);
}

/** Whether `"secret": true` is somewhere in a schema. A value that looks so in a default only hides more. */
function holdsSecret(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(holdsSecret);
  return isObject(schema) && (schema.secret === true || Object.values(schema).some(holdsSecret));
}

const propertyOf = (object: unknown, name: string): unknown =>
  isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
