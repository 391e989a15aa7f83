import type { CommandContext } from './command-context.ts';
import { isRecord } from './is-record.ts';
import { showGap, watching } from './live-view.ts';
import { type Output, paintSeverity, paintStatus, text } from './output.ts';
import { unchecked } from './unchecked.ts';

/** Flags of `alert tail`. */
export interface AlertTailFlags {
  readonly severity?: string;
  readonly status?: string;
  readonly source?: string;
  readonly after?: string;
}

/** Writes the changes of alerts as they come. @throws OrdinautError as the client. */
export async function tailAlerts(
  { after, ...query }: AlertTailFlags,
  { client, output }: CommandContext,
): Promise<void> {
  for await (const item of client.alerts.stream(unchecked(query), watching(after))) {
    if (item.type === 'gap') {
      showGap(item, 'alerts', output);
      continue;
    }
    const { name: event, id, data: alert } = item;
    if (!isRecord(alert)) continue;
    output.event({ event, id, alert }, () => alertLine(event.replace('alert.', ''), alert, output.color));
  }
}

function alertLine(
  what: string,
  { updated_at, severity, status, occurrences, title, source, id }: Record<string, unknown>,
  color: Output['color'],
): string {
  const times = occurrences === 1 ? '' : color.dim(` ×${text(occurrences)}`);
  return `${color.dim(text(updated_at))}  ${what}  ${paintSeverity(severity, color)}  ${paintStatus(status, color)}  ${color.bold(text(title))}${times}  ${color.dim(`${text(source)} ${text(id)}`)}`;
}
