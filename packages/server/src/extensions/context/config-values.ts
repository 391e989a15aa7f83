import type { FieldIssue } from '@ordinaut/contract';
import { ended } from '../../kernel/ended.ts';
import { compileCheck } from '../../kernel/schema.ts';
import type { ResolvedManifest } from '../manifest/resolved-manifest.ts';

/** The configuration of an extension: what the operator gives, over the defaults of the schema, checked and frozen. */
export type ConfigValues =
  | { readonly ok: true; readonly config: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

export function readConfigValues(manifest: ResolvedManifest, given: unknown): ConfigValues {
  const schema = manifest.config;
  if (schema === null) return { ok: true, config: Object.freeze({ ...(isObject(given) ? given : {}) }) };
  const values = { ...defaultsOf(schema), ...(isObject(given) ? given : {}) };
  let issues: readonly FieldIssue[];
  try {
    issues = compileCheck({ type: 'object', ...schema })(given === undefined || isObject(given) ? values : given);
  } catch (error) {
    return { ok: false, problem: `"config" of the manifest is no valid JSON Schema: ${String(error)}` };
  }
  if (issues.length === 0) return { ok: true, config: Object.freeze(values) };
  const secrets = secretsOf(schema);
  const sentences = issues.map(({ field, issue }) => {
    // The value of a secret is in the sentence; without it, that it does not fit has to do.
    const text =
      secrets.has(field.split(/[.[]/, 1)[0] ?? '') && issue !== 'is required' ? 'does not fit its schema' : issue;
    return `${field || 'it'} ${text}`;
  });
  return {
    ok: false,
    problem: `Its configuration does not fit: ${ended(sentences.join('; '))} Set it in ORDINAUT_EXT_CONFIG under ${JSON.stringify(manifest.id)} and start the server again.`,
  };
}

function defaultsOf(schema: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(propertiesOf(schema)).flatMap(([name, property]) =>
      isObject(property) && 'default' in property ? [[name, structuredClone(property.default)]] : [],
    ),
  );
}

const secretsOf = (schema: object): Set<string> =>
  new Set(
    Object.entries(propertiesOf(schema))
      .filter(([, property]) => isObject(property) && property.secret === true)
      .map(([name]) => name),
  );

const propertiesOf = (schema: object): Record<string, unknown> =>
  'properties' in schema && isObject(schema.properties) ? schema.properties : {};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
