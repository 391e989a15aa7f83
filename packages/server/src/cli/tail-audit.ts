import { setTimeout as delay } from 'node:timers/promises';
import { type AuditEntry, type AuditQuery, isOrdinautError } from '@ordinaut/sdk';
import type { CommandContext } from './command-context.ts';
import { CliError } from './exit-codes.ts';
import { type Output, paintStatus, text } from './output.ts';
import { SeenEntries } from './seen-entries.ts';
import { unchecked } from './unchecked.ts';

/** Flags of `audit tail`. */
export interface AuditFlags {
  readonly principal?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly limit?: string;
  readonly follow?: true;
}

const LOOK_EVERY_MS = 1000;

/**
 * Writes the newest entries of the audit log, oldest first, and with `follow` those that come.
 *
 * @throws OrdinautError as the client.
 */
export async function tailAudit(
  { principal, action, outcome, limit, follow }: AuditFlags,
  { client, output, explain }: CommandContext,
): Promise<void> {
  const filter = { principal, action, outcome };
  const seen = new SeenEntries();
  const show = (newestFirst: readonly AuditEntry[]) => {
    for (const entry of seen.add(newestFirst.toReversed())) output.event(entry, () => entryLine(entry, output.color));
  };
  show((await client.audit.list(unchecked({ ...filter, limit }))).items);
  let pauseMs = LOOK_EVERY_MS;
  let isAway = false;
  while (follow) {
    await delay(pauseMs);
    pauseMs = LOOK_EVERY_MS;
    try {
      const query = unchecked<AuditQuery>({ ...filter, after: seen.after, limit: 200 });
      show(await client.audit.list(query, { maxAttempts: 1 }).toArray());
      isAway = false;
    } catch (error) {
      const failure = explain(error);
      if (!isOrdinautError(error) || !error.retryable || !(failure instanceof CliError)) throw failure;
      pauseMs = Math.max(LOOK_EVERY_MS, error.retryAfterMs ?? 0);
      if (!isAway) process.stderr.write(`${failure.message} Trying again every second.\n`);
      isAway = true;
    }
  }
}

function entryLine(entry: AuditEntry, color: Output['color']): string {
  const { at, outcome, action, target, principal, via, address, status, error } = entry;
  const how = via === 'none' ? '' : `by ${text(via)} `;
  const who = `${text(principal)} ${color.dim(`${how}from ${text(address)}`)}`;
  const what = `${color.bold(text(action))}${target === null ? '' : ` ${text(target)}`}`;
  return `${color.dim(text(at))}  ${paintStatus(outcome, color)}  ${what}  ${who}  ${color.dim(`${text(status)}${error === null ? '' : ` ${text(error)}`}`)}`;
}
