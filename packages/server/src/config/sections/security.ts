import Type from 'typebox';
import { setting, strict } from '../setting.ts';

export const authModes = ['auto', 'required', 'off'] as const;
export type AuthMode = (typeof authModes)[number];

/** What nobody has to log in for, besides `/health` and logging in itself. */
const publicPaths = [
  '/',
  '/docs',
  '/docs/**',
  '/openapi.json',
  '/ext/status',
  '/ext/observability/metrics',
  '/ext/webui',
  '/ext/webui/*',
  '/ext/webui/assets/**',
  '/ext/mcp_http/meta',
];
const rate = (what: string) =>
  `${what} such as \`1000/60s\` (requests in a window of s, m or h, a day at most), or \`off\``;
const ratePattern = '^(off|[1-9][0-9]{0,8}/([1-9][0-9]{0,4}s|[1-9][0-9]{0,3}m|([1-9]|1[0-9]|2[0-4])h))$';

export const SecuritySettings = Type.Object(
  {
    auth: setting(Type.Enum(authModes), {
      env: 'ORDINAUT_AUTH',
      default: 'auto',
      description:
        '`required`: who asks has to be known. `off`: everybody may do everything. `auto`: `off` on loopback without a trusted proxy, otherwise `required`.',
    }),
    insecure: setting(Type.Boolean(), {
      env: 'ORDINAUT_INSECURE',
      default: false,
      description: 'Accept `ORDINAUT_AUTH=off` on an address that others can reach.',
    }),
    adminPassword: setting(Type.Union([Type.String({ minLength: 12, maxLength: 1024 }), Type.Null()]), {
      env: 'ORDINAUT_ADMIN_PASSWORD',
      default: null,
      secret: true,
      expected: 'a text of 12 characters or more',
      description:
        'Password of the user `admin`, made at the first start. Default: a random one, in `admin-password` of the data directory.',
    }),
    jwtSecret: setting(Type.Union([Type.String({ minLength: 32, maxLength: 8192 }), Type.Null()]), {
      env: 'ORDINAUT_JWT_SECRET',
      default: null,
      secret: true,
      expected: 'a random text of 32 characters or more; several, separated by commas, the first of which signs',
      description: 'Key that tokens are signed with. Default: a random one, in `jwt.key` of the data directory.',
    }),
    encryptionKey: setting(Type.Union([Type.String({ minLength: 43, maxLength: 8192 }), Type.Null()]), {
      env: 'ORDINAUT_ENCRYPTION_KEY',
      default: null,
      secret: true,
      expected: '32 random bytes as base64 or hex; several, separated by commas, the first of which encrypts',
      description:
        'Key that stored secrets are encrypted with. Default: a random one, in `encryption.key` of the data directory.',
    }),
    requireScopes: setting(Type.Boolean(), {
      env: 'ORDINAUT_REQUIRE_SCOPES',
      default: false,
      description: 'Require the scope `ext:<id>:routes` for the routes of extensions.',
    }),
    publicPaths: setting(
      Type.Array(Type.String({ pattern: '^(none|/(docs.*|openapi\\.json|ext/.*)?)$' }), { maxItems: 200 }),
      {
        env: 'ORDINAUT_PUBLIC_PATHS',
        default: publicPaths,
        expected: 'a comma-separated list of paths under `/ext/` or `/docs`, `/`, `/openapi.json`, or `none`',
        description:
          'What nobody has to log in for; `*` stands for anything within one part of a path, `**` for any number of parts.',
      },
    ),
    rateLimit: setting(Type.String({ pattern: ratePattern }), {
      env: 'ORDINAUT_RATE_LIMIT',
      default: '1000/60s',
      expected: rate('a rate'),
      description: 'Requests of one user, agent or, where nobody is known, address.',
    }),
    authRateLimit: setting(Type.String({ pattern: ratePattern }), {
      env: 'ORDINAUT_AUTH_RATE_LIMIT',
      default: '30/60s',
      expected: rate('a rate'),
      description: 'Attempts of one address to log in or to refresh a token.',
    }),
    auditDays: setting(Type.Integer({ minimum: 1, maximum: 3650 }), {
      env: 'ORDINAUT_AUDIT_DAYS',
      default: 365,
      description: 'Days that entries of the audit log are kept.',
    }),
  },
  strict,
);
