import type { Benchmark } from '../harness/benchmark.ts';
import { boot } from './boot.ts';
import { door } from './door.ts';
import { events } from './events.ts';
import { history } from './history.ts';
import { latency } from './latency.ts';
import { plugins } from './plugins.ts';
import { route } from './route.ts';
import { runsPostgres } from './runs-postgres.ts';
import { runsSqlite } from './runs-sqlite.ts';
import { schedule } from './schedule.ts';
import { sdk } from './sdk.ts';

/** Every benchmark, in the order in which they are run. */
export const benchmarks: readonly Benchmark[] = [
  boot,
  route,
  door,
  plugins,
  runsSqlite,
  runsPostgres,
  latency,
  schedule,
  events,
  history,
  sdk,
];
