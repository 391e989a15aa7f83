import { ExpressionError, quote } from './expression-error.ts';

/** Brackets inside each other; a deeper expression is refused before the parser recurses into it. */
const maxBrackets = 64;

const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const identifier = /[A-Za-z_]\w*/y;
const indexOrSlice = /^(?:-?\d+|(?:-?\d+)?:(?:-?\d+)?(?::(?:-?\d+)?)?)$/;
const words = new Set(['true', 'false', 'null']);
/** Words of `let $x = 1 in $x`, which stand beside values. */
const keywords = new Set(['let', 'in']);
const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/**
 * Writes the literals people type into the form JMESPath knows: `a > 25` becomes ``a > `25` ``.
 *
 * - A number is a literal wherever JMESPath has no index or slice: `[?price < 10.5]`, `x >= -1.5`, `f(3)`. `[0]`, `[-1]`
 *   and `[1:3]` stay what they are. Between two operands `-` is a subtraction, with or without spaces.
 * - The words `true`, `false` and `null` are always literals, except after a dot (`x.true`), as the key of an object
 *   (`{true: x}`) and in double quotes (`"true"`): there they are field names.
 *
 * Nothing inside quotes or backticks is touched.
 *
 * What the parser lets through though it means nothing is refused: a single `=` that binds no variable (`a = 1`), and two values
 * with nothing between them (`[a b]`). Both would be true for whatever data.
 *
 * @throws ExpressionError for these, for a quote or bracket that is never closed, and for more than 64 brackets inside each other.
 */
export function writeBareLiterals(text: string): string {
  let written = '';
  let previous = '';
  let lastWord = '';
  const open: string[] = [];
  let at = 0;
  const copy = (end: number): void => {
    written += text.slice(at, end);
    at = end;
  };

  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      copy(at + 1);
      continue;
    }
    const word = match(identifier, text, at);
    const isVariable = previous === '$' && text[at - 1] === '$';
    if (endsOperand(previous) && !isVariable && word !== 'in' && !keywords.has(lastWord)) {
      if (word !== null || /["'`@$\d]/.test(char) || (char === '&' && text[at + 1] !== '&')) throw missing(text, at);
    }
    lastWord = word ?? '';
    if (char === "'" || char === '"' || char === '`') {
      copy(endOfQuoted(text, at));
      previous = 'operand';
      continue;
    }
    if (word !== null) {
      const literal = words.has(word) && previous !== '.' && !isKey(text, at + word.length, previous, open.at(-1));
      if (literal) {
        written += `\`${word}\``;
        at += word.length;
      } else {
        copy(at + word.length);
      }
      previous = isVariable ? 'variable' : 'operand';
      continue;
    }
    if (char === '=' || (text[at + 1] === '=' && '!<>'.includes(char))) {
      if (text[at + 1] !== '=' && previous !== 'variable') throw assigns(text, at);
      copy(text[at + 1] === '=' ? at + 2 : at + 1);
      previous = '=';
      continue;
    }
    const digits = char === '-' && endsOperand(previous) ? null : match(number, text, at);
    if (digits !== null) {
      written += `\`${jsonNumber(digits)}\``;
      at += digits.length;
      previous = 'operand';
      continue;
    }
    if (char === '[') {
      const end = text.indexOf(']', at);
      const inside = text.slice(at + 1, end).replace(/\s+/g, '');
      if (end > at && indexOrSlice.test(inside)) {
        written += `[${inside}]`;
        at = end + 1;
        previous = ']';
        continue;
      }
    }
    if (char in closing) {
      open.push(char);
      if (open.length > maxBrackets) {
        throw new ExpressionError(
          `${quote(text)} has more than ${maxBrackets} brackets inside each other; split it up.`,
        );
      }
    } else if (char === ')' || char === ']' || char === '}') {
      const opened = open.pop();
      if (opened === undefined || closing[opened] !== char) {
        throw new ExpressionError(`${quote(text)} has a \`${char}\` at position ${at + 1} that closes nothing.`);
      }
    }
    copy(at + 1);
    previous = char;
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw new ExpressionError(`${quote(text)} has a \`${unclosed}\` that is never closed.`);
  return written;
}

/** Whether what came before can be the left side of an operator; a `-` after it subtracts. */
const endsOperand = (previous: string): boolean => ['operand', 'variable', ')', ']', '}', '@', '$'].includes(previous);

const assigns = (text: string, at: number): ExpressionError =>
  new ExpressionError(`${quote(text)} has a single \`=\` at position ${at + 1}; compare with \`==\`.`);

const missing = (text: string, at: number): ExpressionError =>
  new ExpressionError(
    `${quote(text)} has two values at position ${at + 1} with nothing between them; an operator such as \`==\` or \`&&\`, or a comma, is missing.`,
  );

/** A word is the key of an object when it stands right after `{`, or after a comma in one, and a colon follows. */
function isKey(text: string, after: number, previous: string, open: string | undefined): boolean {
  const first = previous === '{' || (previous === ',' && open === '{');
  return first && text.slice(after).trimStart().startsWith(':');
}

/** JSON knows no leading zeros; `007` is meant as 7. */
const jsonNumber = (digits: string): string => digits.replace(/^(-?)0+(?=\d)/, '$1');

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function endOfQuoted(text: string, start: number): number {
  const mark = text.charAt(start);
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === mark) return at + 1;
  }
  throw new ExpressionError(`${quote(text)} has a ${mark} at position ${start + 1} that is never closed.`);
}
