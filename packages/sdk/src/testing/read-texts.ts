interface Rule {
  readonly type?: string;
  readonly format?: string;
}

/** Texts of a path or query as what their schema says: numbers, booleans, ids in lower case. */
export function readTexts(
  schema: object | undefined,
  texts: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const properties: Readonly<Record<string, Rule>> =
    schema !== undefined && 'properties' in schema ? { ...(schema.properties as object) } : {};
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, readText(text, properties[name] ?? {})]),
  );
}

/** A text that is none of what it should be stays as it is: the check says so. */
function readText(text: string, { type, format }: Rule): unknown {
  if ((type === 'integer' || type === 'number') && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return format === 'uuid' ? text.toLowerCase() : text;
}
