import Type from 'typebox';
import { setting, strict } from '../setting.ts';

const hostPattern = '^([0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[^/:\\s]+)$';
const pathOrNone = () => Type.Union([Type.String({ minLength: 1, maxLength: 4096 }), Type.Null()]);

export const HttpSettings = Type.Object(
  {
    host: setting(Type.String({ minLength: 1, maxLength: 255 }), {
      env: 'ORDINAUT_HOST',
      default: '127.0.0.1',
      expected: 'an address or a host name',
      description: 'Address to listen on. On any but loopback everybody has to log in: see `ORDINAUT_AUTH`.',
    }),
    port: setting(Type.Integer({ minimum: 0, maximum: 65_535 }), {
      env: 'ORDINAUT_PORT',
      default: 8080,
      description: 'Port to listen on; 0 takes any free one.',
    }),
    bodyLimitBytes: setting(Type.Integer({ minimum: 1024, maximum: 268_435_456 }), {
      env: 'ORDINAUT_BODY_LIMIT_BYTES',
      default: 1_048_576,
      description: 'Largest request body in bytes; a larger one is answered with 413.',
    }),
    maxRequests: setting(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
      env: 'ORDINAUT_MAX_REQUESTS',
      default: 1000,
      description: 'Requests answered at the same time; more are turned away with 503 before the server chokes.',
    }),
    maxStreams: setting(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
      env: 'ORDINAUT_MAX_STREAMS',
      default: 1000,
      description: 'Event streams and WebSockets open at the same time; a tenth of it for one caller.',
    }),
    maxConnections: setting(Type.Integer({ minimum: 1, maximum: 1_000_000 }), {
      env: 'ORDINAUT_MAX_CONNECTIONS',
      default: 10_000,
      description: 'Connections open at the same time; more are closed at once.',
    }),
    tlsCert: setting(pathOrNone(), {
      env: 'ORDINAUT_TLS_CERT',
      default: null,
      expected: 'the path of a file',
      description: 'Certificate chain (PEM) to serve HTTPS with; a renewed file is taken within a minute.',
    }),
    tlsKey: setting(pathOrNone(), {
      env: 'ORDINAUT_TLS_KEY',
      default: null,
      expected: 'the path of a file',
      description: 'Private key (PEM) of the certificate.',
    }),
    trustProxy: setting(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100 }), {
      env: 'ORDINAUT_TRUST_PROXY',
      default: [],
      expected: 'a comma-separated list of addresses and networks, `loopback`, `linklocal`, `uniquelocal`',
      description: 'Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.',
    }),
    allowedHosts: setting(Type.Array(Type.String({ maxLength: 255, pattern: hostPattern }), { maxItems: 100 }), {
      env: 'ORDINAUT_ALLOWED_HOSTS',
      default: [],
      expected: 'a comma-separated list of host names, without scheme, port and path',
      description:
        'Names under which the server is asked for, besides those of loopback. Default: with a login any, without one `ORDINAUT_HOST`.',
    }),
  },
  strict,
);
