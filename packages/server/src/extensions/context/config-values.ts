import type { FieldIssue } from '@ordinaut/contract';
import { ended } from '../../kernel/ended.ts';
import { compileCheck } from '../../kernel/schema.ts';
import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';
import { isHidden, isObject, type Values } from './config-secrets.ts';

/** The configuration of an extension: what the operator gives, over the defaults of the schema, checked and frozen. */
export type ConfigValues =
  | { readonly ok: true; readonly config: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false;
      readonly problem: string;
      /** The fields that do not fit, without the value of a secret; none where the schema cannot be used. */
      readonly issues: readonly FieldIssue[];
    };

export function readConfigValues(manifest: ResolvedManifest, given: unknown): ConfigValues {
  const schema = manifest.config;
  if (schema === null) return { ok: true, config: Object.freeze({ ...(isObject(given) ? given : {}) }) };
  const values = { ...defaultsOf(schema), ...(isObject(given) ? given : {}) };
  let found: readonly FieldIssue[];
  try {
    found = compileCheck({ type: 'object', ...schema })(given === undefined || isObject(given) ? values : given);
  } catch (error) {
    const problem = `"config" of the manifest is no valid JSON Schema: ${String(error)}`;
    return { ok: false, problem, issues: [] };
  }
  if (found.length === 0) return { ok: true, config: Object.freeze(values) };
  const issues = found.map((issue) => withoutSecret(schema, issue));
  const sentences = ended(issues.map(({ field, issue }) => `${field || 'it'} ${issue}`).join('; '));
  const { id } = manifest;
  return {
    ok: false,
    problem: `Its configuration does not fit: ${sentences} Set it with "ordinaut ext config set ${id}", or in ORDINAUT_EXT_CONFIG under "${id}" and start the server again.`,
    issues,
  };
}

/** A sentence that shows the value of a secret says what the schema wants instead. */
function withoutSecret(schema: Values, { field, issue }: FieldIssue): FieldIssue {
  if (issue === 'is required' || issue.startsWith('is not a known field.') || !isHidden(schema, field))
    return { field, issue };
  const property = propertiesOf(schema)[field];
  if (!isObject(property)) return { field, issue: 'does not fit its schema' };
  const { secret, title, description, default: preset, examples, ...rest } = property;
  const rules = JSON.stringify(rest);
  return { field, issue: `does not fit its schema${rules.length > 200 ? '' : ` ${rules}`}` };
}

function defaultsOf(schema: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
      isObject(property) && 'default' in property ? [[name, structuredClone(property.default)]] : [],
    ),
  );
}

const propertiesOf = (schema: object): Record<string, unknown> =>
  'properties' in schema && isObject(schema.properties) ? schema.properties : {};
