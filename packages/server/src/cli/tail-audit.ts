import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { isRecord } from './is-record.ts';
import { type Output, paintStatus, text } from './output.ts';
import { SeenEntries } from './seen-entries.ts';

/** Flags of `audit tail`. */
export interface AuditFlags {
  readonly principal?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly limit?: string;
  readonly follow?: true;
}

const LOOK_EVERY_MS = 1000;
const PAGE = '200';

/** Writes the newest entries of the audit log, oldest first, and with `follow` those that come. @throws CliError as the client. */
export async function tailAudit(
  { principal, action, outcome, limit, follow }: AuditFlags,
  { client, output }: CommandContext,
): Promise<void> {
  const filter = { principal, action, outcome };
  const seen = new SeenEntries();
  const show = (newestFirst: readonly Record<string, unknown>[]) => {
    for (const entry of seen.add(newestFirst.toReversed())) output.event(entry, () => entryLine(entry, output.color));
  };
  show((await pageOf(client, { ...filter, limit })).items);
  let isAway = false;
  while (follow) {
    await delay(LOOK_EVERY_MS);
    try {
      show(await newerThan(client, filter, seen.after));
      isAway = false;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!isAway) process.stderr.write(`${error.message} Trying again every second.\n`);
      isAway = true;
    }
  }
}

/** Every entry after one, newest first; they may be more than a page. */
async function newerThan(
  client: ApiClient,
  filter: Readonly<Record<string, string | undefined>>,
  after: string | undefined,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await pageOf(client, { ...filter, after, limit: PAGE, cursor });
    found.push(...items);
    if (next === undefined) return found;
    cursor = next;
  }
}

async function pageOf(client: ApiClient, query: Readonly<Record<string, string | undefined>>) {
  const page = await client.request('GET', '/audit', { query });
  const { items, next_cursor: next } = isRecord(page) ? page : {};
  return {
    items: Array.isArray(items) ? items.filter(isRecord) : [],
    next: typeof next === 'string' ? next : undefined,
  };
}

/** Whether the same may succeed in a second: the server is away, too busy, or something before it is. */
const isPassing = (error: unknown): error is CliError =>
  error instanceof CliError &&
  (error.exitCode === exitCodes.unreachable || error.status === 429 || (error.status ?? 0) >= 500);

function entryLine(entry: Record<string, unknown>, color: Output['color']): string {
  const { at, outcome, action, target, principal, via, address, status, error } = entry;
  const how = via === 'none' ? '' : `by ${text(via)} `;
  const who = `${text(principal)} ${color.dim(`${how}from ${text(address)}`)}`;
  const what = `${color.bold(text(action))}${target === null ? '' : ` ${text(target)}`}`;
  return `${color.dim(text(at))}  ${paintStatus(outcome, color)}  ${what}  ${who}  ${color.dim(`${text(status)}${error === null ? '' : ` ${text(error)}`}`)}`;
}
