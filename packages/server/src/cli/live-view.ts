import type { StreamGap, StreamOptions } from '@ordinaut/sdk';
import type { Output } from './output.ts';

/** How a command watches. A server that is started anew is there again by then. @param after id of the message to begin after. */
export const watching = (after?: string): StreamOptions => ({ lastEventId: after, giveUpAfterMs: 30_000 });

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
