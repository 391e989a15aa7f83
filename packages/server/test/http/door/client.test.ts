import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';

import { clients } from '../../../src/http/door/client.ts';
import { addressKey } from '../../../src/kernel/address-key.ts';

const from = (remoteAddress: string, headers: Record<string, string> = {}, encrypted = false): IncomingMessage =>
  ({ socket: { remoteAddress, encrypted }, headers, connection: { remoteAddress } }) as unknown as IncomingMessage;

test('without a trusted proxy nothing that is sent along counts', () => {
  const of = clients([]);
  const forged = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-proto': 'https' };
  expect(of(from('203.0.113.7', forged))).toEqual({ address: '203.0.113.7', secure: false });
  expect(of(from('::ffff:203.0.113.7', {}, true))).toEqual({ address: '203.0.113.7', secure: true });
});

test.each([
  ['10.0.0.1', '203.0.113.7', '203.0.113.7'],
  // What the client has put in front itself is not believed.
  ['10.0.0.1', '1.2.3.4, 203.0.113.7', '203.0.113.7'],
  // A chain of trusted proxies.
  ['127.0.0.1', '203.0.113.7, 10.0.0.9', '203.0.113.7'],
  // Somebody who goes around the proxy.
  ['198.51.100.2', '203.0.113.7', '198.51.100.2'],
])('%s with X-Forwarded-For %s is %s', (peer, forwarded, address) => {
  const of = clients(['loopback', '10.0.0.0/8']);
  expect(of(from(peer, { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'https' }))).toEqual({
    address,
    secure: peer !== '198.51.100.2',
  });
});

test('a list that cannot be read names its setting', () => {
  expect(() => clients(['loopback', 'nginx'])).toThrow(/ORDINAUT_TRUST_PROXY is "loopback,nginx"/);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['not an address', 'not an address'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
