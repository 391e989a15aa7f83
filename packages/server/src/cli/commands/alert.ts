import type { Alert } from '@ordinaut/sdk';
import type { Command } from 'commander';
import type { SubmitFlags } from '../alert-input.ts';
import { withServer } from '../command-context.ts';
import { exitCodes, usageError } from '../exit-codes.ts';
import { collect, defined } from '../input.ts';
import { isRecord } from '../is-record.ts';
import { fields, paintSeverity, paintStatus, table, text } from '../output.ts';
import type { AlertTailFlags } from '../tail-alerts.ts';
import { unchecked } from '../unchecked.ts';

const SEVERITIES = 'critical, high, medium, low or info';
const STATUSES = 'new, triaged, investigating, escalated, resolved or false_positive';

export function addAlert(program: Command): void {
  const alert = program.command('alert').description('submit alerts, look through them, and watch them');
  addSubmit(alert);
  addList(alert);
  alert
    .command('show <id>')
    .description('show an alert')
    .action(
      withServer(async ({ client, output }, id: string) => {
        const found = await client.alerts.get(id);
        await output.result(found, () => fields(found, output.color));
      }),
    );
  alert
    .command('ack <id>')
    .description('take a new alert: it becomes triaged, and is assigned to you where you are logged in')
    .option('--assign <name>', 'to somebody else; without a login, who you are')
    .action(
      withServer(async ({ client, output }, id: string, { assign }: { assign?: string }) => {
        const body = assign === undefined ? undefined : { assigned_agent: assign };
        const taken = await client.alerts.acknowledge(id, body);
        const toNobody = taken.assigned_agent ? '' : ' It is assigned to nobody: log in, or say to whom with --assign.';
        await output.result(taken, () => stateOf(taken) + toNobody);
      }),
    );
  addUpdate(alert);
  alert
    .command('tail')
    .description('watch alerts as they change, until Ctrl+C')
    .option('--severity <severity>', SEVERITIES)
    .option('--status <status>', STATUSES)
    .option('--source <source>', 'what has noticed them')
    .option('--after <id>', 'begin after the message with this id; 0-0: with the oldest that is kept')
    .addHelpText('after', '\nWith --json, a line of JSON for each change: event, id and alert.')
    .action(
      withServer(async (context, flags: AlertTailFlags) => {
        const { tailAlerts } = await import('../tail-alerts.ts');
        await tailAlerts(flags, context);
      }),
    );
}

function addSubmit(alert: Command): void {
  alert
    .command('submit')
    .description('submit an alert from flags, or any number from a file (a flag goes before the field of the file)')
    .option('--file <file>', 'an alert as JSON, a JSON array of them, or a JSON object a line; - reads standard input')
    .option('--title <title>', 'what has happened')
    .option('--severity <severity>', SEVERITIES)
    .option('--source <source>', 'what has noticed it')
    .option('--description <text>', 'more about it')
    .option('--ioc <type:value>', 'an indicator of compromise; may be given several times', collect)
    .option('--asset <name>', 'something affected; may be given several times', collect)
    .option('--technique <id>', 'a MITRE ATT&CK technique; may be given several times', collect)
    .option('--dedup-key <key>', 'alerts with the same key are one')
    .option('--metadata <name=value>', 'anything else; may be given several times', collect)
    .addHelpText(
      'after',
      `
Examples:
  $ ordinaut alert submit --title "SSH brute force" --severity high --source sshd --ioc ip:203.0.113.7
  $ ordinaut alert submit --file alert.json
  $ my-scanner --ndjson | ordinaut alert submit --file - --source my-scanner

Of many, those that are not valid are rejected and the others submitted; it ends with 1 where one was rejected.`,
    )
    .action(
      withServer(async (context, flags: SubmitFlags) => {
        const { client, output } = context;
        const { readAlertInput } = await import('../alert-input.ts');
        const input = await readAlertInput(flags);
        if (!Array.isArray(input)) {
          const { alert, outcome } = await client.alerts.submit(unchecked(input));
          const deduplicated = outcome === 'deduplicated';
          await output.result({ ...alert, deduplicated }, () =>
            deduplicated
              ? `Alert ${text(alert.id)} is open already; it has ${text(alert.occurrences)} occurrences now.`
              : `Alert ${text(alert.id)} is new.`,
          );
          return;
        }
        const { submitAlerts } = await import('../submit-alerts.ts');
        const outcome = await submitAlerts(context, input);
        await output.result(outcome, () => {
          const { created, deduplicated, rejected, results } = outcome;
          const refused = results.flatMap(({ error }, index) =>
            error ? [`  ${index + 1}: ${text(error.message)}`] : [],
          );
          return [`${created} new, ${deduplicated} known already, ${rejected} rejected.`, ...refused].join('\n');
        });
        if (outcome.rejected > 0) process.exitCode = exitCodes.failed;
      }),
    );
}

function addList(alert: Command): void {
  alert
    .command('list')
    .description('list alerts, newest first')
    .option('--severity <severity>', SEVERITIES)
    .option('--status <status>', STATUSES)
    .option('--source <source>', 'what has noticed them')
    .option('--since <instant>', 'seen at or after this ISO 8601 instant')
    .option('--search <text>', 'part of title or description')
    .option('--limit <number>', 'items a page, 1 to 200 (default: 50)')
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .action(
      withServer(async ({ client, output }, { search, ...flags }: Record<string, string | undefined>) => {
        const page = await client.alerts.list(unchecked({ ...flags, q: search }));
        await output.result(page, async () => {
          const { items } = page;
          if (items.length === 0) return 'There is no such alert.';
          const rows = items.map((item) => [
            text(item.id),
            paintSeverity(item.severity, output.color),
            paintStatus(item.status, output.color),
            text(item.occurrences),
            text(item.last_seen),
            text(item.source),
            text(item.title).slice(0, 60),
          ]);
          return table(['ID', 'SEVERITY', 'STATUS', 'TIMES', 'LAST SEEN', 'SOURCE', 'TITLE'], rows, output.color);
        });
      }),
    );
}

interface UpdateFlags {
  readonly status?: string;
  readonly severity?: string;
  readonly assign?: string;
  readonly case?: string;
  readonly title?: string;
  readonly description?: string;
  readonly file?: string;
}

function addUpdate(alert: Command): void {
  alert
    .command('update <id>')
    .description('change an alert')
    .option('--status <status>', `${STATUSES}; closed ones go back to investigating alone`)
    .option('--severity <severity>', SEVERITIES)
    .option('--assign <name>', 'who works on it; "" for nobody')
    .option('--case <id>', 'the case it belongs to; "" for none')
    .option('--title <title>', 'what has happened')
    .option('--description <text>', 'more about it')
    .option('--file <file>', 'JSON of the fields to change; - reads standard input')
    .addHelpText('after', '\nExample:\n  $ ordinaut alert update 0190a1b2-… --status resolved --case C-7')
    .action(
      withServer(async ({ client, output }, id: string, flags: UpdateFlags) => {
        const { readJson } = await import('../input.ts');
        const file = flags.file === undefined ? {} : await readJson(flags.file);
        if (!isRecord(file)) throw usageError(`${flags.file} must hold a JSON object, the fields to change.`);
        const { status, severity, title, description } = flags;
        const given = {
          status,
          severity,
          title,
          description,
          assigned_agent: orNull(flags.assign),
          case_id: orNull(flags.case),
        };
        const body = { ...file, ...defined(given) };
        if (Object.keys(body).length === 0)
          throw usageError('There is nothing to change: give --status, or another flag.');
        const changed = await client.alerts.update(id, unchecked(body));
        await output.result(changed, () => stateOf(changed));
      }),
    );
}

/** An empty text takes a value away. */
const orNull = (value: string | undefined): string | null | undefined => (value === '' ? null : value);

function stateOf({ id, status, severity, assigned_agent: agent }: Alert): string {
  return `Alert ${text(id)} is ${text(status)} (${text(severity)})${agent ? `, assigned to ${text(agent)}` : ''}.`;
}
