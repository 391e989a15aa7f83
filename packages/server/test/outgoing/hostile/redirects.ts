import type { HostileUrl } from './hostile-url.ts';

const to = (url: string, via: readonly number[] = [302], more: Partial<HostileUrl> = {}): HostileUrl => ({
  kind: 'redirect',
  url,
  via,
  ...more,
});

const rebinding = (url: string, via: readonly number[], ...answers: string[][]): HostileUrl => ({
  kind: 'rebinding',
  url,
  via,
  answers,
  start: 'http://rebinding.example:HOP/',
});

/** Redirects of a server that may be reached, to ones that may not. */
export const redirects: readonly HostileUrl[] = [
  ...[301, 302, 303, 307, 308].flatMap((status) => [
    to('http://127.0.0.1:PORT/', [status]),
    to('http://127.0.0.2:PORT/', [status], { method: 'POST' }),
    to('http://[::1]:PORT/', [status]),
    to('http://169.254.169.254/latest/meta-data/', [status]),
    to('http://10.0.0.1:PORT/', [status]),
    to('http://inner.example:PORT/', [status], { answers: [['192.168.0.1']] }),
  ]),
  ...[
    [301, 302],
    [302, 302, 302],
    [308, 307],
    [303, 303],
    [301, 302, 303, 307, 308],
  ].flatMap((via) => [
    to('http://127.0.0.1:PORT/', via),
    to('http://metadata.google.internal/', via, { answers: [['169.254.169.254']] }),
  ]),
  // Relative to the server that answers: without a scheme, and with the slashes that browsers take for others.
  to('//127.0.0.1:PORT/'),
  to('//127.0.0.2:PORT'),
  to('///127.0.0.1:PORT/'),
  to('\\\\127.0.0.1:PORT\\'),
  to('/\\127.0.0.1:PORT/'),
  to('//[::ffff:7f00:1]:PORT/'),
  to('//0x7f.1:PORT/'),
  to('//user@127.0.0.1:PORT/'),
  to('http:////127.0.0.1:PORT/'),
  to('https:127.0.0.1:PORT/'),
  to('https://127.0.0.1:PORT/'),
  // The same host and port, spelled as another host: only 127.0.0.1 is allowed.
  to('http://127.0.0.2:HOP/'),
  to('http://[::1]:HOP/'),
  to('http://[::ffff:7f00:2]:HOP/'),
  to('https://127.0.0.2:HOP/'),
  to('http://0.0.0.0:HOP/'),
  to('http://user:secret@127.0.0.1:HOP/'),
  to('file:///etc/passwd'),
  to('ftp://127.0.0.1:PORT/'),
  to('gopher://127.0.0.1:PORT/_x'),
  to('data:text/plain,hello'),
  to('javascript:alert(1)'),
  to('ws://127.0.0.1:PORT/'),
  to('unix:SOCKET'),
  to('http://[::1', [302], { code: 'http_rejected' }),
  to('http://127.0.0.1:65536/', [302], { code: 'http_rejected' }),
  // The name of the server itself, which leads elsewhere when the redirect is followed.
  rebinding('http://rebinding.example:HOP/', [302], ['127.0.0.1'], ['127.0.0.2']),
  rebinding('/again', [307], ['127.0.0.1'], ['127.0.0.2']),
  rebinding('/again', [301], ['127.0.0.1'], ['::1']),
  rebinding('/again', [302, 302], ['127.0.0.1'], ['127.0.0.1'], ['10.0.0.1']),
  rebinding('/again', [308], ['127.0.0.1'], ['127.0.0.1', '169.254.169.254']),
];
