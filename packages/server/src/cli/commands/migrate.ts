import type { Command } from 'commander';
import { createOutput } from '../output.ts';
import { readConfig } from '../server-settings.ts';

export const addMigrate = (program: Command): void => {
  program
    .command('migrate')
    .description('bring the database up to this version, and end; serve does the same when it starts')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut migrate
  $ DATABASE_URL=postgres://ordinaut@db/ordinaut ordinaut migrate`,
    )
    .action(async (_flags: unknown, command: Command) => {
      const config = await readConfig();
      const { migrateStore } = await import('../../server.ts');
      const { store } = await migrateStore(config);
      const where = store === 'sqlite' ? `SQLite in ${config.storage.dataDir}` : 'PostgreSQL';
      await createOutput(command.optsWithGlobals()).result({ success: true, store }, () => `${where} is up to date.`);
    });
};
