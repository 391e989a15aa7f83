import type { SyntaxProblem } from './manifest-problem.ts';

/** Syntax errors that are told; after the first ones the rest are mostly their consequence. */
const MOST_SYNTAX_PROBLEMS = 3;

/**
 * Reads JSON with comments and trailing commas. Most manifests have neither, and `JSON.parse` is ten times as fast.
 *
 * @returns the value, as far as it could be read, and what is wrong with the text.
 */
export async function parseManifest(text: string): Promise<{ value: unknown; problems: readonly SyntaxProblem[] }> {
  try {
    return { value: JSON.parse(text), problems: [] };
  } catch {
    const { parse, printParseErrorCode } = await import('jsonc-parser');
    const errors: { error: number; offset: number; length: number }[] = [];
    const value: unknown = parse(text, errors, { allowTrailingComma: true });
    const problems = errors.slice(0, MOST_SYNTAX_PROBLEMS).map(({ error, offset, length }) => ({
      offset,
      sentence: sentenceOf(printParseErrorCode(error), text.slice(offset, offset + Math.min(length, 20)) || null),
    }));
    return { value, problems };
  }
}

function sentenceOf(code: string, found: string | null): string {
  const at = found === null ? 'the end of the file' : JSON.stringify(found);
  return `this is not valid JSON: ${sentences[code] ?? code} at ${at}.`;
}

const sentences: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word that JSON does not know',
  InvalidNumberFormat: 'a number that is not written as JSON has it',
  PropertyNameExpected: 'a name in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing before this,',
  CloseBraceExpected: 'a closing brace is missing',
  CloseBracketExpected: 'a closing bracket is missing',
  EndOfFileExpected: 'the text should have ended',
  InvalidCommentToken: 'a comment that is not one',
  UnexpectedEndOfComment: 'a comment that does not end',
  UnexpectedEndOfString: 'a text that does not end',
  UnexpectedEndOfNumber: 'a number that does not end',
  InvalidUnicode: 'a \\u that is not followed by four digits',
  InvalidEscapeCharacter: 'a backslash before something that needs none',
  InvalidCharacter: 'a control character',
};
