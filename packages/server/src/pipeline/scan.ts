import { TemplateError } from './template-error.ts';

/** A piece of a template: text as it stands, or an expression and where its `${` is, from 0. */
export type Part = { readonly text: string } | { readonly expression: string; readonly position: number };

/**
 * Cuts a string into texts and `${…}` expressions; `$${` is the text `${`.
 *
 * A `}` inside quotes, backticks or a brace of the expression (`${ {a: b} }`) does not end it.
 *
 * @throws TemplateError for an expression that never ends.
 */
export function splitTemplate(template: string): Part[] {
  const parts: Part[] = [];
  let text = '';
  let at = 0;
  for (;;) {
    const start = template.indexOf('${', at);
    if (start === -1) break;
    if (start > at && template[start - 1] === '$') {
      text += `${template.slice(at, start - 1)}\${`;
      at = start + 2;
      continue;
    }
    text += template.slice(at, start);
    const end = endOfExpression(template, start);
    if (text !== '') parts.push({ text });
    text = '';
    parts.push({ expression: template.slice(start + 2, end), position: start });
    at = end + 1;
  }
  text += template.slice(at);
  if (text !== '') parts.push({ text });
  return parts;
}

/** The place of the `}` that ends the expression whose `${` is at `start`. */
function endOfExpression(template: string, start: number): number {
  let depth = 0;
  let quote = '';
  for (let at = start + 2; at < template.length; at++) {
    const char = template[at];
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '"' || char === '`') {
      quote = char;
    } else if (char === '{') {
      depth++;
    } else if (char === '}') {
      if (depth === 0) return at;
      depth--;
    }
  }
  const missing = quote === '' ? '`}`' : `closing ${quote}`;
  throw new TemplateError(
    `The \`\${\` at position ${start + 1} never ends: its ${missing} is missing. Write \`$\${\` where \`\${\` is meant as text.`,
    start,
  );
}
