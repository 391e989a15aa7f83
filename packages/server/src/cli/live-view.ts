import type { StreamGap, StreamOptions } from '@ordinaut/sdk';
import { usageError } from './exit-codes.ts';
import type { Output } from './output.ts';

/**
 * How a command watches. A server that is started anew is there again by then.
 *
 * @param after id of the message to begin after.
 * @throws CliError with exit code 2 for an id that no message has: the server would begin with what comes from now on.
 */
export function watching(after?: string): StreamOptions {
  if (after !== undefined && !/^\d{1,15}-\d{1,15}$/.test(after))
    throw usageError(`--after is ${JSON.stringify(after)}; it must be the id of a message, like 1795666917915-0.`);
  return { lastEventId: after, giveUpAfterMs: 30_000 };
}

/** Says that some of what is watched was missed. @param what is watched: `events`. */
export function showGap({ after, oldest }: StreamGap, what: string, output: Output): void {
  output.event({ gap: true, after, oldest }, () =>
    output.color.yellow(
      after === null
        ? `The connection broke; the ${what} since then are missing.`
        : `The ${what} after ${after} are no longer kept.`,
    ),
  );
}
