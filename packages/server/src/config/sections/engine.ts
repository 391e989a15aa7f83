import Type from 'typebox';
import { setting, strict } from '../setting.ts';

export const roles = ['api', 'scheduler', 'worker'] as const;
export type Role = (typeof roles)[number];

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
