import type { Command } from 'commander';
import { withServer } from '../command-context.ts';
import { exitCodes } from '../exit-codes.ts';
import { paintStatus, table } from '../output.ts';

export const addDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('check this machine, the settings, the database and the server; ends with 1 where something is wrong')
    .action(
      withServer(async (context) => {
        const { output } = context;
        const { examine } = await import('../examine.ts');
        const findings = await examine(context);
        await output.result({ findings }, () =>
          table(
            ['', 'CHECK', 'FINDING'],
            findings.map(({ name, status, message, fix }) => [
              paintStatus(status, output.color),
              name,
              fix === undefined ? message : `${message}\n${output.color.dim(fix)}`,
            ]),
            output.color,
          ),
        );
        if (findings.some(({ status }) => status === 'fail')) process.exitCode = exitCodes.failed;
      }),
    );
};
