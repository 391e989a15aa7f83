import { expect, test } from 'vitest';
import { flag, optional, text, texts, topic, url, whole } from '../../../../../plugins/parts/config-fields.ts';
import { readConfig } from '../../../../../plugins/parts/read-config.ts';
import { outsideTopicIssue, reservedTopics } from '../../../src/events/topics.ts';

const fields = {
  url: url(['http', 'https'], { default: 'http://127.0.0.1:1' }),
  token: text('an API token', { isSecret: true }),
  count: whole(1, 9, 5),
  note: optional(text('a note')),
  loud: flag(false),
  tags: texts('{"host": "a"}'),
};
const read = (config: Record<string, unknown>) => readConfig({ name: 'mine', config }, fields);

test('defaults are put in, what is optional may be missing', () => {
  expect(read({ token: 't' })).toEqual({ url: 'http://127.0.0.1:1', token: 't', count: 5, loud: false, tags: {} });
  expect(read({ token: 't', url: 'https://x.example/a', count: 9, note: 'n' })).toEqual({
    token: 't',
    url: 'https://x.example/a',
    count: 9,
    note: 'n',
    loud: false,
    tags: {},
  });
});

test.each([
  [{}, 'token is missing; it must be an API token.'],
  [{ token: 't', count: 0 }, 'count is 0; it must be a whole number from 1 to 9.'],
  [{ token: 't', count: '5' }, 'count is "5"; it must be a whole number from 1 to 9.'],
  [{ token: 't', url: 'ftp://x' }, 'url is "ftp://x"; it must be a URL with http:// or https://.'],
  [{ token: 't', url: 'http://' }, 'url is "http://"; it must be a URL with http:// or https://.'],
  [{ token: 't', cuont: 1 }, 'cuont is not a known field; there are url, token, count, note, loud, tags.'],
  [{ token: 't', loud: 1 }, 'loud is 1; it must be true or false.'],
  [{ token: 't', tags: { a: 1 } }, 'tags is {"a":1}; it must be an object of texts such as {"host": "a"}.'],
  [{ count: 10 }, 'token is missing; it must be an API token. count is 10; it must be a whole number from 1 to 9.'],
])('%j is refused', (config, sentence) => {
  expect(() => read(config)).toThrow(new Error(`ORDINAUT_PLUGIN_CONFIG, "mine": ${sentence}`));
});

test('the value of a secret is not shown', () => {
  expect(() => read({ token: 123456 })).toThrow('token is (hidden); it must be an API token.');
});

test('a topic that is taken is one that the server takes, and the other way round', () => {
  const control = Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(code)).concat(
    '\u007f',
    '\u00a0',
    '\u2028',
  );
  const topics = [
    ...reservedTopics.flatMap((first) => [first, `${first}.x`, `${first}x`, `${first}s.y`, `x.${first}`]),
    ...control.flatMap((character) => [character, `a${character}b`, `a.${character}`]),
    ...['', 'a', 'orders.received', 'a..b', '.a', 'a.', 'a.*', 'a?', 'é.ü', 'a'.repeat(200), 'a'.repeat(201)],
  ];
  const { fits, expected } = topic();
  for (const each of topics) expect([each, fits(each)]).toEqual([each, outsideTopicIssue(each) === null]);
  for (const first of reservedTopics) expect(expected).toContain(first);
  expect(fits(1)).toBe(false);
});
