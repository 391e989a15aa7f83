import { describe, expect, it } from 'vitest';
import { specialRange } from '../../src/outgoing/special-addresses.ts';

describe('specialRange', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '11.0.0.1',
    '93.184.216.34',
    '100.63.255.255',
    '100.128.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '169.255.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.255.255',
    '192.169.0.1',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:830::200e',
    '2620:fe::fe',
    '2001:4860:4860::8888',
  ])('lets %s through', (address) => {
    expect(specialRange(address)).toBeNull();
  });

  it.each([
    ['127.0.0.1', 'a loopback'],
    ['10.0.0.1', 'a private'],
    ['100.64.0.1', 'a carrier-grade NAT'],
    ['168.63.129.16', 'a cloud metadata'],
    ['0.0.0.0', 'an unspecified'],
    ['::7f00:1', 'a reserved'],
    ['::ffff:8.8.8.8', 'an IPv4-mapped'],
    ['64:ff9b::8.8.8.8', 'a NAT64'],
    ['2002:808:808::', 'a 6to4'],
    ['2606:4700::5efe:808:808', 'an ISATAP'],
    ['fe80::1%eth0', 'a link-local'],
  ])('calls %s %s address', (address, range) => {
    expect(specialRange(address)).toBe(range);
  });
});
