import Type, { type Static } from 'typebox';
import { Instant, Nullable } from './common.ts';

export const HealthCheck = Type.Object({
  name: Type.String(),
  status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
  message: Type.String(),
  latency_ms: Nullable(Type.Number()),
});
export type HealthCheck = Static<typeof HealthCheck>;

export const Health = Type.Object({
  status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
  timestamp: Instant,
  version: Type.String(),
  checks: Type.Array(HealthCheck),
});
export type Health = Static<typeof Health>;

export const Liveness = Type.Object({
  status: Type.Literal('alive'),
  timestamp: Instant,
  version: Type.String(),
  uptime_seconds: Type.Number(),
});
export type Liveness = Static<typeof Liveness>;

export const SystemMode = Type.Object({
  version: Type.String(),
  node: Type.String(),
  store: Type.Union([Type.Literal('sqlite'), Type.Literal('postgres')]),
  roles: Type.Array(Type.String()),
  instance: Type.String({ description: 'Name of this process, as in `lease_owner`' }),
  server_time: Instant,
});
export type SystemMode = Static<typeof SystemMode>;
