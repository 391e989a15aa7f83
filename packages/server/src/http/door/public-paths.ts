/**
 * Whether a path is open to everybody, by `ORDINAUT_PUBLIC_PATHS`. `*` stands for anything within one part of a path, `**` for any
 * number of parts. A part with an escape in it fits no star: what it means is for the route to say, and not for this.
 */
export function publicPaths(patterns: readonly string[]): (path: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const stars = patterns.filter((pattern) => pattern.includes('*')).map(toRegExp);
  return (path) => exact.has(path) || stars.some((star) => star.test(path));
}

const toRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('**', '\u0000')
      .replaceAll('*', '[^/%;#\\\\]*')
      .replaceAll('\u0000', '[^%;#\\\\]*')}$`,
  );
