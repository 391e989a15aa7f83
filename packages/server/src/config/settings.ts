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

const strict = { additionalProperties: false } as const;

export const HttpSettings = Type.Object(
  {
    host: setting(Type.String({ minLength: 1, maxLength: 255 }), {
      env: 'ORDINAUT_HOST',
      default: '127.0.0.1',
      expected: 'an address or a host name',
      description: 'Address to listen on. Anything but loopback needs `ORDINAUT_INSECURE=1` while there is no login.',
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
    insecure: setting(Type.Boolean(), {
      env: 'ORDINAUT_INSECURE',
      default: false,
      description: 'Allow an address that others can reach, although anybody who reaches it may do everything.',
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
  storage: StorageSettings,
  engine: EngineSettings,
  extensions: ExtensionSettings,
  log: LogSettings,
} as const;

/** The settings of one process, complete and frozen. */
export interface Config {
  readonly http: Readonly<Static<typeof HttpSettings>>;
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
    description: 'Server that `task`, `run`, `tool`, `ext` and `doctor` talk to; the flag `--url` goes before it.',
  },
] as const;
