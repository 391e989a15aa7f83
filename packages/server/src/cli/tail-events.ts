import type { CommandContext } from './command-context.ts';
import { text } from './output.ts';
import { tailStream } from './tail-stream.ts';

/** Writes events as they come. @throws CliError as `tailStream`. */
export function tailEvents(
  { topic, after = null }: { topic?: string; after?: string | null },
  context: CommandContext,
): Promise<never> {
  const { output } = context;
  const show = (_message: unknown, data: Record<string, unknown>) =>
    output.event(data, () => eventLine(data, output.color));
  return tailStream({ path: '/events/stream', query: { topic }, after, what: 'events', show }, context);
}

const eventLine = (event: Record<string, unknown>, color: CommandContext['output']['color']): string =>
  `${color.dim(text(event.published_at))}  ${color.bold(text(event.topic))}  ${JSON.stringify(event.data)}  ${color.dim(text(event.source))}`;
