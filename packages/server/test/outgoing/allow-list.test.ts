import { describe, expect, it } from 'vitest';
import { parseHttpAllow } from '../../src/outgoing/allow-list.ts';

describe('ORDINAUT_HTTP_ALLOW', () => {
  const names: Record<string, string> = { 'inner.example': '10.0.0.5' };
  const table: [entry: string, host: string, address: string, port: number, allowed: boolean][] = [
    ['*', 'any', '127.0.0.1', 1, true],
    ['inner.example', 'inner.example', names['inner.example']!, 80, true],
    ['INNER.example', 'inner.example', '10.0.0.5', 80, true],
    ['inner.example', 'inner.example.', '10.0.0.5', 80, true],
    ['inner.example', 'x.inner.example', '10.0.0.5', 80, false],
    ['inner.example:8080', 'inner.example', '10.0.0.5', 8080, true],
    ['inner.example:8080', 'inner.example', '10.0.0.5', 80, false],
    ['10.0.0.5', 'inner.example', '10.0.0.5', 80, true],
    ['10.0.0.5', 'inner.example', '::ffff:10.0.0.5', 80, true],
    ['10.0.0.5', 'inner.example', '10.0.0.6', 80, false],
    ['10.0.0.5:81', 'inner.example', '10.0.0.5', 80, false],
    ['10.0.0.0/8', 'inner.example', '10.200.0.5', 80, true],
    ['10.0.0.0/8', 'inner.example', '11.0.0.5', 80, false],
    ['::1', 'localhost', '::1', 80, true],
    ['[::1]', 'localhost', '0:0:0:0:0:0:0:1', 80, true],
    ['[::1]:8080', 'localhost', '::1', 8080, true],
    ['[::1]:8080', 'localhost', '::1', 80, false],
    ['fd00::/8', 'x', 'fd12::1', 80, true],
    ['fd00::/8', 'x', '10.0.0.1', 80, false],
    ['', 'x', '10.0.0.1', 80, false],
  ];
  it.each(table)('%s: %s at %s port %i → %s', (entry, host, address, port, allowed) => {
    const allow = parseHttpAllow([entry]);
    expect(allow.host(host, port) || allow.address(address, port)).toBe(allowed);
  });

  it.each(['http://x', 'a b', '10.0.0.0/33', 'x:99999', 'x:0', '[10.0.0.1]', '1:2:3', 'x/y', '*.example'])(
    'refuses %j',
    (entry) => {
      expect(() => parseHttpAllow([entry])).toThrow(`ORDINAUT_HTTP_ALLOW: ${JSON.stringify(entry)} is no host`);
    },
  );
});
