import { expect, it } from 'vitest';
import { ownAddresses } from '../../src/outgoing/own-addresses.ts';
import { clientOf, failureOf, get } from './test-client.ts';
import { connectionsBegun } from './traps.ts';

it('are those of the interfaces', () => {
  expect(ownAddresses()).toContain('127.0.0.1');
});

it('are refused though they are public, unless they are allowed', async () => {
  const options = { ownAddresses: () => ['2606:4700::1111', '11.22.33.44'] };
  const begun = await connectionsBegun(async () => {
    const failure = await failureOf(get(clientOf(options), 'http://[2606:4700:0::1111]/'));
    expect(failure.code).toBe('permission_denied');
    expect(failure.message).toContain("it is this machine's own address");
  });
  expect(begun).toBe(0);
  const asked: string[] = [];
  const client = clientOf({
    allow: ['11.22.33.44'],
    ownAddresses: () => {
      asked.push('again');
      return options.ownAddresses();
    },
    // The second address ends the attempt before anything is sent to the first.
    resolve: async () => [
      { address: '11.22.33.44', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  });
  expect((await failureOf(get(client, 'http://me.example/'))).message).toContain('(10.0.0.1)');
  await failureOf(get(client, 'http://me.example/'));
  expect(asked).toHaveLength(2);
});
