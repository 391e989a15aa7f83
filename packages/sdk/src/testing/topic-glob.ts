import { badRequest } from './test-error.ts';

/**
 * Whether a topic fits a pattern: `*` stands for any characters within one name, `?` for one, `**` for any number of names.
 *
 * @throws TestError `bad_request` for what is no pattern.
 */
export function topicGlob(pattern: string): (topic: string) => boolean {
  const names = pattern.split('.').filter((name, at, all) => name !== '**' || all[at - 1] !== '**');
  if (names.includes('') || /\s/.test(pattern) || names.some((name) => name !== '**' && name.includes('**')))
    throw badRequest([
      { field: 'topic', issue: `\`${pattern}\` is no pattern; write names joined by dots, like run.*` },
    ]);
  // `**` with the dot that joins it to its neighbour, so that it may stand for no name at all.
  const form = names
    .map((name) =>
      name === '**'
        ? '**'
        : name
            .replace(/[^*?\w]/g, '\\$&')
            .replaceAll('*', '[^.]*')
            .replaceAll('?', '[^.]'),
    )
    .join('\\.')
    .replace(/^\*\*$/, '.*')
    .replace(/^\*\*\\\./, '(?:.*\\.)?')
    .replaceAll('\\.**', '(?:\\..*)?');
  const expression = new RegExp(`^${form}$`);
  return (topic) => expression.test(topic);
}
