import { Command, CommanderError } from 'commander';
import { version } from '../kernel/version.ts';
import { addAgent } from './commands/agent.ts';
import { addAlert } from './commands/alert.ts';
import { addApproval } from './commands/approval.ts';
import { addAudit } from './commands/audit.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvents } from './commands/events.ts';
import { addExt } from './commands/ext.ts';
import { addHandler } from './commands/handler.ts';
import { addLogin } from './commands/login.ts';
import { addMigrate } from './commands/migrate.ts';
import { addPlugin } from './commands/plugin.ts';
import { addRun } from './commands/run.ts';
import { addSchedule } from './commands/schedule.ts';
import { addServe } from './commands/serve.ts';
import { addTask } from './commands/task.ts';
import { addToken } from './commands/token.ts';
import { addTool } from './commands/tool.ts';
import { addUser } from './commands/user.ts';
import { exitCodes, exitCodesHelp } from './exit-codes.ts';
import { reportFailure } from './output.ts';

/**
 * Runs the command line.
 *
 * @param args the arguments after the name of the program.
 * @returns the exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has seen enough: `ordinaut run list | head`.
    if (error.code === 'EPIPE') process.exit(exitCodes.ok);
    throw error;
  });
  const program = createProgram();
  await addServe(program, { isWanted: args.includes('serve') });
  addMigrate(program);
  addTask(program);
  addRun(program);
  addApproval(program);
  addEvents(program);
  addAlert(program);
  addTool(program);
  addHandler(program);
  addExt(program);
  addPlugin(program);
  addSchedule(program);
  addLogin(program);
  addUser(program);
  addAgent(program);
  addToken(program);
  addAudit(program);
  addDoctor(program);
  // Subcommands are made before this and inherit neither setting.
  eachCommand(program, (command) => command.exitOverride().showHelpAfterError('(--help shows how it is used)'));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.ok;
  } catch (error) {
    // Commander has written its own sentence; help and version end with 0, everything else is a wrong use.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return reportFailure(error, args.includes('--json'));
  }
}

const createProgram = (): Command =>
  new Command('ordinaut')
    .description('A self-hosted automation server: durable scheduled pipelines of tools.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show how it is used')
    .option('--url <url>', 'server to talk to (default: $ORDINAUT_URL, or http://127.0.0.1:8080)')
    .option('--json', 'write JSON, as it does anyway where the output is no terminal')
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut serve
  $ ordinaut task create --title Hello --cron "0 9 * * *" --timezone Europe/Berlin \\
      --step '{"id": "say", "uses": "core.echo", "with": {"text": "Good morning"}}'
  $ ordinaut task run 0190a1b2-… --wait
  $ ordinaut schedule preview --rrule "FREQ=WEEKLY;BYDAY=MO"
  $ ordinaut login --url https://ordinaut.example.org
${exitCodesHelp}`,
    );

function eachCommand(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const child of command.commands) eachCommand(child, change);
}
