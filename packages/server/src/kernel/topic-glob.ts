/** A pattern that is none, with what is wrong with it as the rest of a sentence about a field. */
export class TopicGlobError extends Error {
  constructor(issue: string) {
    super(issue);
    this.name = 'TopicGlobError';
  }
}

/**
 * A pattern of topics, which are names joined by dots.
 *
 * `*` stands for any characters within one name (alone: exactly one name), `?` for one character within a name, `**` for
 * any number of whole names, none included: `run.*` matches `run.failed`, `core.**` matches `core`, `core.a` and
 * `core.a.b`. Case matters. Matching takes at most (length of pattern) × (length of topic) steps.
 *
 * @throws TopicGlobError for an empty name and for `**` that is not a whole name.
 */
export function compileTopicGlob(pattern: string): (topic: string) => boolean {
  const names = pattern.split('.');
  if (names.includes('')) {
    throw new TopicGlobError(
      `\`${pattern}\` has an empty name; topics are names joined by single dots, like run.failed.`,
    );
  }
  const bad = names.find((name) => name !== '**' && name.includes('**'));
  if (bad !== undefined) {
    throw new TopicGlobError(`\`${pattern}\` has \`**\` inside \`${bad}\`; it stands for whole names: write a.**.b.`);
  }
  if (/\s/.test(pattern)) throw new TopicGlobError(`\`${pattern}\` has white space, which no topic has.`);
  if (!/[*?]/.test(pattern)) return (topic) => topic === pattern;
  return (topic) => matchList(names, topic.split('.'), '**', matchName);
}

/** Whether a pattern may match `family.<uuid>` for some id; true also where that is not certain. */
export function mayMatchIdsOf(pattern: string, family: string): boolean {
  const names = pattern.split('.');
  const [first = ''] = names;
  if (first !== '**' && !matchName(first, family)) return false;
  if (!names.includes('**') && names.length !== 2) return false;
  return /^[0-9a-f*?-]+$/.test(names.at(-1) ?? '');
}

const matchName = (pattern: string, name: string): boolean =>
  pattern === '*'
    ? name !== ''
    : matchList([...pattern], [...name], '*', (wanted, char) => wanted === '?' || wanted === char);

/** Glob matching with one point of return: after the last `many` it is enough to let that one take more. */
function matchList(
  pattern: readonly string[],
  items: readonly string[],
  many: string,
  matchOne: (pattern: string, item: string) => boolean,
): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  for (let item = 0; item < items.length; ) {
    const wanted = pattern[at];
    if (wanted === many) {
      star = at++;
      taken = item;
    } else if (wanted !== undefined && matchOne(wanted, items[item] ?? '')) {
      at++;
      item++;
    } else if (star >= 0) {
      at = star + 1;
      item = ++taken;
    } else {
      return false;
    }
  }
  while (pattern[at] === many) at++;
  return at === pattern.length;
}
