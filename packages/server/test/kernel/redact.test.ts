import { expect, test } from 'vitest';
import { HIDDEN, redact } from '../../src/kernel/redact.ts';

test('hides texts under the names of secrets, however deep, and leaves the rest', () => {
  const input = {
    url: 'https://example.org',
    headers: {
      Authorization: 'Bearer x',
      'X-Api-Key': 'k',
      accept: '*/*',
      'Set-Cookie': ['a=b'],
      'PRIVATE-TOKEN': 'p',
    },
    json: [{ client_secret: 's', apiKey: 'k', max_tokens: 500, password: '', token: 't', tokens: ['a'] }],
  };
  expect(redact(input)).toEqual({
    url: 'https://example.org',
    headers: {
      Authorization: HIDDEN,
      'X-Api-Key': HIDDEN,
      accept: '*/*',
      'Set-Cookie': [HIDDEN],
      'PRIVATE-TOKEN': HIDDEN,
    },
    json: [{ client_secret: HIDDEN, apiKey: HIDDEN, max_tokens: 500, password: '', token: HIDDEN, tokens: ['a'] }],
  });
  expect(input.headers.Authorization).toBe('Bearer x');
});

test('what holds no secret is given back as it is', () => {
  const input = { a: [1, { b: 'c' }], d: null };
  expect(redact(input)).toBe(input);
  expect(redact('password')).toBe('password');
});
