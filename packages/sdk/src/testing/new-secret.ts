/** A random secret; the prefix tells what it is. */
export const newSecret = (prefix: string): string =>
  `${prefix}_${crypto.randomUUID().replaceAll('-', '')}${crypto.randomUUID().slice(0, 8)}`;
