import Type from 'typebox';
import { setting, strict } from '../setting.ts';

const urlOrNone = (schemes: string) => Type.Union([Type.String({ pattern: `^(${schemes})://[^\\s]+$` }), Type.Null()]);

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
