import type { TestProject } from 'vitest/node';
import { findPostgres } from './postgres.ts';
import { findRabbitmq } from './rabbitmq.ts';
import { findRedis } from './redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a PostgreSQL server where databases may be made; null: there is none. */
    postgresUrl: string | null;
    /** URL of a Redis server; null: there is none. */
    redisUrl: string | null;
    /** URL of a RabbitMQ server; null: there is none. */
    rabbitmqUrl: string | null;
  }
}

/** Finds the services of the tests; with ORDINAUT_TEST_REQUIRE_SERVICES=1 a missing one is a failure, not a skip. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await findPostgres();
  if (postgres.url === null && process.env.ORDINAUT_TEST_REQUIRE_SERVICES === '1') {
    throw new Error(
      'PostgreSQL is required (ORDINAUT_TEST_REQUIRE_SERVICES=1) and none was found or could be started.',
    );
  }
  if (postgres.url === null) process.stderr.write('No PostgreSQL found: its suites are skipped.\n');
  project.provide('postgresUrl', postgres.url);
  const redisUrl = await findRedis();
  if (redisUrl === null && process.env.ORDINAUT_TEST_REQUIRE_SERVICES === '1') {
    throw new Error('Redis is required (ORDINAUT_TEST_REQUIRE_SERVICES=1) and none was found.');
  }
  if (redisUrl === null) process.stderr.write('No Redis found: its suites are skipped.\n');
  project.provide('redisUrl', redisUrl);
  const rabbitmqUrl = await findRabbitmq();
  if (rabbitmqUrl === null && process.env.ORDINAUT_TEST_REQUIRE_SERVICES === '1') {
    throw new Error('RabbitMQ is required (ORDINAUT_TEST_REQUIRE_SERVICES=1) and none was found.');
  }
  if (rabbitmqUrl === null) process.stderr.write('No RabbitMQ found: its suites are skipped.\n');
  project.provide('rabbitmqUrl', rabbitmqUrl);
  return () => postgres.stop();
}
