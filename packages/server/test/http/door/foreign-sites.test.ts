import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { refuseForeignSites } from '../../../src/http/door/foreign-sites.ts';
import { siteRules } from '../../../src/http/door/site-rules.ts';

const rules = (env: Record<string, string> = {}) => siteRules(loadConfig(env));

describe('where everybody may come in', () => {
  const open = rules({ ORDINAUT_ALLOWED_HOSTS: 'intra.example' });

  test.each([
    [{ host: '127.0.0.1:8080' }],
    [{ host: 'localhost:8080', origin: 'http://localhost:3000' }],
    [{ host: '[::1]:8080' }],
    [{ host: 'ordinaut.localhost' }],
    [{ host: 'Intra.Example:8080', origin: 'https://intra.example' }],
    [{}],
  ])('lets its own names in: %j', (headers) => {
    expect(() => refuseForeignSites(headers, open)).not.toThrow();
  });

  test.each([
    [{ host: 'evil.example' }],
    [{ host: '127.0.0.1.evil.example:8080' }],
    [{ host: '127.0.0.1:8080', origin: 'http://evil.example' }],
    [{ host: '127.0.0.1:8080', origin: 'null' }],
    [{ host: '10.0.0.1' }],
    [{ host: '' }],
  ])('refuses the names of other sites, and names the setting: %j', (headers) => {
    expect(() => refuseForeignSites(headers, open)).toThrow(/ORDINAUT_ALLOWED_HOSTS/);
  });

  test.each([
    [{ host: '127.0.0.1', 'x-forwarded-for': '203.0.113.7' }],
    [{ host: '127.0.0.1', forwarded: 'for=203.0.113.7' }],
  ])('refuses what a proxy brings in: %j', (headers) => {
    expect(() => refuseForeignSites(headers, open)).toThrow(/ORDINAUT_AUTH=required/);
    expect(() => refuseForeignSites(headers, rules({ ORDINAUT_AUTH: 'off' }))).not.toThrow();
  });
});

describe('where there is a login', () => {
  const required = rules({ ORDINAUT_HOST: '0.0.0.0' });

  test.each([
    [{ host: 'ordinaut.example' }],
    [{ host: '192.168.1.5:8080' }],
    [{ host: 'ordinaut.example', origin: 'https://ordinaut.example' }],
    [{ host: 'ordinaut.example:8443', origin: 'https://ordinaut.example:8443' }],
    [{ host: 'ordinaut.example', 'x-forwarded-for': '203.0.113.7' }],
  ])('any name will do, for pages of that name: %j', (headers) => {
    expect(() => refuseForeignSites(headers, required)).not.toThrow();
  });

  test.each([
    [{ host: 'ordinaut.example', origin: 'https://evil.example' }],
    [{ host: 'ordinaut.example', origin: 'https://ordinaut.example:8443' }],
    [{ host: 'ordinaut.example', origin: 'null' }],
    [{ host: '%%', origin: 'https://evil.example' }],
  ])('pages of other sites may not use it: %j', (headers) => {
    expect(() => refuseForeignSites(headers, required)).toThrow(/other sites|ORDINAUT_ALLOWED_HOSTS/);
  });

  test('a list of names is the list', () => {
    const listed = rules({ ORDINAUT_HOST: '0.0.0.0', ORDINAUT_ALLOWED_HOSTS: 'ordinaut.example' });
    expect(() => refuseForeignSites({ host: 'ordinaut.example' }, listed)).not.toThrow();
    expect(() => refuseForeignSites({ host: 'other.example' }, listed)).toThrow(/ORDINAUT_ALLOWED_HOSTS/);
  });
});
