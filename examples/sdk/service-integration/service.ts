import { createInterface } from 'node:readline';
import { connect } from '../../connect.ts';
import { AlertSender } from './alert-sender.ts';
import { detect } from './detect.ts';

// One alert that is wrong is for the server to reject, and not a reason to keep back the batch that it is in.
const client = connect({ userAgent: 'sshd-watch/1.0', validation: { requests: 'off' } });
const counts = { created: 0, deduplicated: 0, rejected: 0, lost: 0 };

const sender = new AlertSender({
  client,
  onOutcome(outcome) {
    counts[outcome.is] += 1;
    if (outcome.is === 'created')
      console.log(`new ${outcome.alert.severity}: ${outcome.alert.title} ${outcome.alert.id}`);
    else if ('reason' in outcome) console.error(`${outcome.is}: ${outcome.alert.title}: ${outcome.reason}`);
  },
});

function report(): void {
  const { operations, retryRatio, circuits } = client.stats();
  const { created, deduplicated, rejected, lost } = counts;
  console.log(`alerts: ${created} new, ${deduplicated} again, ${rejected} rejected, ${lost} lost`);
  for (const [name, { calls, errors, retries, p50, p95 }] of Object.entries(operations))
    console.log(
      `${name}: ${calls} calls, ${errors} failed, ${retries} retries, p50 ${p50?.toFixed(1)} ms, p95 ${p95?.toFixed(1)} ms`,
    );
  console.log(
    `retry ratio ${retryRatio.toFixed(2)}${circuits.length === 0 ? '' : `, open: ${JSON.stringify(circuits)}`}`,
  );
}

const reporting = setInterval(report, 60_000);
const lines = createInterface({ input: process.stdin });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => lines.close());
console.log('Watching standard input.');
for await (const line of lines) {
  const alert = detect(line);
  if (alert === null) continue;
  sender.add(alert);
  await sender.room();
}
process.stdin.destroy();
clearInterval(reporting);
await sender.close();
report();
client.close();
process.exitCode = counts.lost === 0 ? 0 : 1;
