import { expect, test } from 'vitest';
import { refuseForeignSites } from '../../src/http/local-callers.ts';

test.each([
  [{ host: '127.0.0.1:8080' }],
  [{ host: 'localhost:8080', origin: 'http://localhost:3000' }],
  [{ host: '[::1]:8080' }],
  [{ host: 'ordinaut.localhost' }],
  [{ host: 'intra.example:8080' }],
  [{}],
])('lets its own names in: %j', (headers) => {
  expect(() => refuseForeignSites(headers, 'intra.example')).not.toThrow();
});

test.each([
  [{ host: 'evil.example' }],
  [{ host: '127.0.0.1.evil.example:8080' }],
  [{ host: '127.0.0.1:8080', origin: 'http://evil.example' }],
  [{ host: '127.0.0.1:8080', origin: 'null' }],
  [{ host: '10.0.0.1' }],
  [{ host: '' }],
])('refuses the names of other sites: %j', (headers) => {
  expect(() => refuseForeignSites(headers, '127.0.0.1')).toThrow(/ORDINAUT_INSECURE/);
});
