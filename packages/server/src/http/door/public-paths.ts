/**
 * Whether a path is open to everybody, by `ORDINAUT_PUBLIC_PATHS`. `*` stands for anything within one part of a path, `**` for any
 * number of parts. A part with an escape in it fits no star: what it means is for the route to say, and not for this.
 */
export function publicPaths(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const stars = patterns.filter((pattern) => pattern.includes('*')).map(toMatcher);
  return (path) => exact.has(path) || stars.some((fits) => fits(path));
}

/** What a star stands for: any number of characters but these. */
const star = { '*': '/%;#\\', '**': '%;#\\' } as const;
type Token = string;

const isStar = (token: Token): token is keyof typeof star => token in star;

function toMatcher(pattern: string): (path: string) => boolean {
  const tokens = pattern.match(/\*\*|./gs) ?? [];
  return tokens.filter(isStar).length > 1 ? stepByStep(tokens) : byRegExp(tokens);
}

function byRegExp(tokens: readonly Token[]): (path: string) => boolean {
  const parts = tokens.map((token) => (isStar(token) ? `[^${RegExp.escape(star[token])}]*` : RegExp.escape(token)));
  const form = new RegExp(`^${parts.join('')}$`);
  return (path) => form.test(path);
}

/** Takes at most (length of pattern) × (length of path) steps, where an expression with several stars would try every division. */
const stepByStep =
  (tokens: readonly Token[]) =>
  (path: string): boolean => {
    let here = new Uint8Array(tokens.length + 1);
    reach(tokens, here, 0);
    for (const char of path) {
      const next = new Uint8Array(tokens.length + 1);
      for (const [at, token] of tokens.entries()) {
        if (here[at] === 0) continue;
        if (isStar(token) && !star[token].includes(char)) reach(tokens, next, at);
        else if (token === char) reach(tokens, next, at + 1);
      }
      here = next;
    }
    return here[tokens.length] === 1;
  };

/** Marks a place, and those after it that a star for nothing leads to. */
function reach(tokens: readonly Token[], places: Uint8Array, at: number): void {
  places[at] = 1;
  const token = tokens[at];
  if (token !== undefined && isStar(token)) reach(tokens, places, at + 1);
}
