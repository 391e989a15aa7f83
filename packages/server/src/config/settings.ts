import { delimiter } from 'node:path';
import Type, { type Static, type TSchema } from 'typebox';
import { logLevels } from '../kernel/logger.ts';

/**
 * Every setting of the server: its environment variable and default stand beside the field, and the type, the validator,
 * the flags of `serve` and `docs/reference/settings.md` come from here.
 */
interface SettingOptions {
  /** Name in the environment; the flag of `serve` is the same without the prefix, in kebab-case. */
  readonly env: string;
  readonly description: string;
  readonly default?: unknown;
  /** What a value has to be, where the schema does not say it well enough. */
  readonly expected?: string;
  /** Hidden where settings are shown. */
  readonly secret?: true;
  /** What stands between the items of a list. Default: a comma. */
  readonly separator?: string;
  /** The text may also be the path of a file with the JSON. */
  readonly orFile?: true;
}

const setting = <T extends TSchema, O extends SettingOptions>(schema: T, options: O): T & O =>
  Object.assign(schema, options);
const urlOrNone = (schemes: string) => Type.Union([Type.String({ pattern: `^(${schemes})://[^\\s]+$` }), Type.Null()]);

export const roles = ['api', 'scheduler', 'worker'] as const;
export type Role = (typeof roles)[number];

const hostPattern = '^([0-9A-Fa-f]*:[0-9A-Fa-f:.]*|[^/:\\s]+)$';
const pathOrNone = () => Type.Union([Type.String({ minLength: 1, maxLength: 4096 }), Type.Null()]);

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

const strict = { additionalProperties: false } as const;

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

export const StorageSettings = Type.Object(
  {
    dataDir: setting(Type.String({ minLength: 1, maxLength: 4096 }), {
      env: 'ORDINAUT_DATA_DIR',
      default: './data',
      expected: 'a path',
      description: 'Directory of the embedded database and of everything else that is kept.',
    }),
    databaseUrl: setting(urlOrNone('postgres|postgresql'), {
      env: 'DATABASE_URL',
      default: null,
      secret: true,
      expected: 'a postgres:// URL',
      description: 'PostgreSQL to use instead of the embedded database, as `postgres://user:password@host/name`.',
    }),
    databasePool: setting(Type.Integer({ minimum: 1, maximum: 500 }), {
      env: 'ORDINAUT_DATABASE_POOL',
      default: 10,
      description: 'Most connections to PostgreSQL that this process opens.',
    }),
    retentionDays: setting(Type.Integer({ minimum: 1, maximum: 3650 }), {
      env: 'ORDINAUT_RETENTION_DAYS',
      default: 30,
      description: 'Days that finished runs are kept.',
    }),
    redisUrl: setting(urlOrNone('redis|rediss'), {
      env: 'REDIS_URL',
      default: null,
      secret: true,
      expected: 'a redis:// URL',
      description: 'Redis (7 or newer) that carries the events instead of the database.',
    }),
  },
  strict,
);

export const EngineSettings = Type.Object(
  {
    roles: setting(Type.Array(Type.Enum(roles), { minItems: 1, uniqueItems: true }), {
      env: 'ORDINAUT_ROLES',
      default: [...roles],
      description: 'What this process does.',
    }),
    workerConcurrency: setting(Type.Integer({ minimum: 1, maximum: 1000 }), {
      env: 'ORDINAUT_WORKER_CONCURRENCY',
      default: 32,
      description: 'Runs that this process works on at the same time.',
    }),
    drainSeconds: setting(Type.Integer({ minimum: 0, maximum: 3600 }), {
      env: 'ORDINAUT_DRAIN_SECONDS',
      default: 20,
      description: 'Seconds that steps under way are given at shutdown before their runs are handed back.',
    }),
    httpAllow: setting(Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 1000 }), {
      env: 'ORDINAUT_HTTP_ALLOW',
      default: [],
      expected: 'a comma-separated list of hosts and networks',
      description: 'Private hosts and networks (`10.0.0.0/8`, `intra.example.org`) that steps may send requests to.',
    }),
  },
  strict,
);

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

export const LogSettings = Type.Object(
  {
    level: setting(Type.Enum(logLevels), {
      env: 'ORDINAUT_LOG_LEVEL',
      default: 'info',
      description: 'Least level that is logged; the log is JSON lines on standard output.',
    }),
  },
  strict,
);

export const ExtensionSettings = Type.Object(
  {
    paths: setting(Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 1000 }), {
      env: 'ORDINAUT_EXT_PATHS',
      default: [],
      separator: delimiter,
      expected: 'a list of paths, separated as in `PATH` (`:`, on Windows `;`)',
      description: 'Extensions besides the built-in ones: folders of one, folders of several, or module files.',
    }),
    packageGrants: setting(Type.Record(Type.String(), Type.Array(Type.String(), { uniqueItems: true })), {
      env: 'ORDINAUT_EXT_PACKAGE_GRANTS',
      default: {},
      expected: 'JSON such as `{"@scope/name": ["ROUTES", "TOOLS"]}`',
      description: 'What installed npm packages that are extensions are granted; those not named get nothing.',
    }),
    config: setting(Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown())), {
      env: 'ORDINAUT_EXT_CONFIG',
      default: {},
      secret: true,
      orFile: true,
      expected: 'JSON such as `{"weather": {"city": "Bonn"}}`, or the path of a file with it',
      description: 'Configuration of the extensions, by their id.',
    }),
    safeMode: setting(Type.Boolean(), {
      env: 'ORDINAUT_SAFE_MODE',
      default: false,
      description: 'Start without any extension but the built-in ones.',
    }),
    dev: setting(Type.Boolean(), {
      env: 'ORDINAUT_DEV',
      default: false,
      description: 'For authors of extensions: reload an extension when its files change.',
    }),
  },
  strict,
);

/** The sections, in the order in which they are documented. */
export const sections = {
  http: HttpSettings,
  security: SecuritySettings,
  storage: StorageSettings,
  engine: EngineSettings,
  extensions: ExtensionSettings,
  log: LogSettings,
} as const;

/** The settings of one process, complete and frozen. */
export interface Config {
  readonly http: Readonly<Static<typeof HttpSettings>>;
  readonly security: Readonly<Static<typeof SecuritySettings>>;
  readonly storage: Readonly<Static<typeof StorageSettings>>;
  readonly engine: Readonly<Static<typeof EngineSettings>>;
  readonly extensions: Readonly<Static<typeof ExtensionSettings>>;
  readonly log: Readonly<Static<typeof LogSettings>>;
}

/** One setting, as the loader, the flags and the docs see it. */
export interface Setting extends SettingOptions {
  readonly section: keyof typeof sections;
  readonly field: string;
  /** Flag of `serve`, without the dashes. */
  readonly flag: string;
  readonly schema: TSchema;
}

/** All settings, in the order in which they are documented. */
export const settings: readonly Setting[] = Object.entries(sections).flatMap(([section, object]) =>
  Object.entries(object.properties).map(([field, schema]) => {
    const {
      env,
      description,
      default: preset,
      expected,
      secret,
      separator,
      orFile,
    } = schema as TSchema & SettingOptions;
    return {
      section: section as keyof typeof sections,
      field,
      schema,
      env,
      description,
      default: preset,
      ...(expected === undefined ? {} : { expected }),
      ...(secret === undefined ? {} : { secret }),
      ...(separator === undefined ? {} : { separator }),
      ...(orFile === undefined ? {} : { orFile }),
      flag: env
        .replace(/^ORDINAUT_/, '')
        .toLowerCase()
        .replaceAll('_', '-'),
    };
  }),
);

/** Settings of the command line as a client; the server leaves them alone. */
export const clientSettings = [
  {
    env: 'ORDINAUT_URL',
    default: 'http://127.0.0.1:8080',
    description: 'Server that the other commands talk to; the flag `--url` goes before it.',
  },
  {
    env: 'ORDINAUT_TOKEN',
    default: '',
    description: 'API key or access token that they show; without it the one that `ordinaut login` has kept.',
  },
] as const;
