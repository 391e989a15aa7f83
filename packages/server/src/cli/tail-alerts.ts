import type { CommandContext } from './command-context.ts';
import { paintSeverity, paintStatus, text } from './output.ts';
import { tailStream } from './tail-stream.ts';

/** Flags of `alert tail`. */
export interface AlertTailFlags {
  readonly severity?: string;
  readonly status?: string;
  readonly source?: string;
  readonly after?: string;
}

/** Writes the changes of alerts as they come. @throws CliError as `tailStream`. */
export function tailAlerts({ after = undefined, ...query }: AlertTailFlags, context: CommandContext): Promise<never> {
  const { output } = context;
  return tailStream(
    {
      path: '/alerts/stream',
      query: { ...query },
      after: after ?? null,
      what: 'alerts',
      show: ({ event, id }, alert) =>
        output.event({ event, id, alert }, () => alertLine(text(event).replace('alert.', ''), alert, output.color)),
    },
    context,
  );
}

function alertLine(
  what: string,
  { updated_at, severity, status, occurrences, title, source, id }: Record<string, unknown>,
  color: CommandContext['output']['color'],
): string {
  const times = occurrences === 1 ? '' : color.dim(` ×${text(occurrences)}`);
  return `${color.dim(text(updated_at))}  ${what}  ${paintSeverity(severity, color)}  ${paintStatus(status, color)}  ${color.bold(text(title))}${times}  ${color.dim(`${text(source)} ${text(id)}`)}`;
}
