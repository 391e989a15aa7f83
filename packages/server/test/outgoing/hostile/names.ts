import { type HostileUrl, of } from './hostile-url.ts';

const name = (kind: string, host: string, ...answers: string[]): HostileUrl => ({
  kind,
  url: `http://${host}:PORT/`,
  answers: [answers],
});

/** Names that lead inside, with what a resolver says of them. */
export const names: readonly HostileUrl[] = [
  ...['localhost', 'localhost.', 'LOCALHOST', 'LocalHost', 'loc%61lhost', 'sub.localhost', 'localhost.localdomain'].map(
    (host) => name('name of the machine', host, '127.0.0.1', '::1'),
  ),
  // Fullwidth, circled, subscript, mathematical and Roman letters.
  ...[
    '\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54',
    '\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3',
    'loca\u2097host',
    '\u{1d5c5}ocalhost',
    '\u217cocalhost',
    'local\u00adhost',
  ].map((host) => name('name of the machine, in other letters', host, '127.0.0.1')),
  name('name of the machine', 'ip6-localhost', '::1'),
  name('name of the machine', 'my-own-host', '127.0.1.1'),
  name('public name of an inner address', 'localtest.me', '127.0.0.1'),
  name('public name of an inner address', '127.0.0.1.nip.io', '127.0.0.1'),
  name('public name of an inner address', '10-0-0-1.sslip.io', '10.0.0.1'),
  name('public name of an inner address', '7f000001.example', '127.0.0.1'),
  name('public name of an inner address', 'xn--e1afmkfd.example', '127.0.0.1'),
  name('public name of an inner address', 'b\u00fccher.example', '192.168.1.1'),
  name('public name of an inner address', 'printer.local', '192.168.0.9'),
  name('name of a metadata service', 'metadata.google.internal', '169.254.169.254'),
  name('name of a metadata service', 'METADATA.google.internal.', '169.254.169.254'),
  name('name of a metadata service', 'metadata', '169.254.169.254'),
  name('name of a metadata service', 'instance-data', '169.254.169.254'),
  name('name of a metadata service', 'metadata.tencentyun.com', '169.254.0.23'),
  name('name of a metadata service', 'metadata.azure.internal', '168.63.129.16'),
  name('name of a metadata service', 'rancher-metadata', '169.254.169.250'),
  name('name in a cluster', 'kubernetes.default.svc', '10.96.0.1'),
  name('name in a cluster', 'host.docker.internal', '192.168.65.2'),
  name('name in a cluster', 'redis', '172.18.0.3'),
  name('name of a special address', 'any.example', '0.0.0.0'),
  name('name of a special address', 'cgnat.example', '100.64.0.1'),
  name('name of a special address', 'multicast.example', '224.0.0.1'),
  name('name of a special address', 'broadcast.example', '255.255.255.255'),
  name('name of a special address', 'mapped.example', '::ffff:127.0.0.1'),
  name('name of a special address', 'compatible.example', '::7f00:1'),
  name('name of a special address', 'nat64.example', '64:ff9b::7f00:1'),
  name('name of a special address', '6to4.example', '2002:7f00:1::'),
  name('name of a special address', 'ula.example', 'fd00::1'),
  name('name of a special address', 'zone.example', 'fe80::1%eth0'),
  name('name of the own public address', 'me.example', '11.22.33.44'),
  name('name of the own public address', 'me6.example', '2600:1f18::1234'),
  ...of('own public address', [
    'http://11.22.33.44:PORT/',
    'http://185999660:PORT/',
    'http://[2600:1f18:0::1234]:PORT/',
  ]),
  // One bad address among good ones is enough: which of them is taken is up to chance.
  name('several addresses', 'first.example', '127.0.0.1', '93.184.216.34'),
  name('several addresses', 'last.example', '93.184.216.34', '93.184.216.35', '10.1.2.3'),
  name('several addresses', 'middle.example', '93.184.216.34', '169.254.169.254', '93.184.216.35'),
  name('several addresses', 'mixed6.example', '2606:2800:220:1::1', '::1'),
  name('several addresses', 'families.example', '93.184.216.34', '::ffff:127.0.0.1'),
  // The resolver says something else the second time. A public address in the second answer would be reached if anybody asked.
  { kind: 'rebinding', url: 'http://later.example:PORT/', answers: [['127.0.0.1'], ['93.184.216.34']] },
  { kind: 'rebinding', url: 'http://later6.example:PORT/', answers: [['::1'], ['2606:2800:220:1::1']] },
];
