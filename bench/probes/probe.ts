import type { ClientSettings } from './probed-client.ts';

/** What a client does in its process. */
export interface Probe {
  readonly name: 'calls' | 'calls after one' | 'aborts' | 'post' | 'keyed post' | 'stream' | 'rate';
  readonly url: string;
  /** A port where everything is fine, for a call that loads what is loaded with the first. */
  readonly warmUpUrl: string;
  readonly settings: ClientSettings;
  /** Uses a client that has logged in. */
  readonly withLogin?: boolean;
  /** Gives every call a signal that is aborted after so many milliseconds. */
  readonly signalMs?: number;
  /** Calls, samples or events. */
  readonly count: number;
  /** What is not settled after so many milliseconds counts as hanging. */
  readonly limitMs: number;
}

/** What became of the calls of a probe. */
export interface Observed {
  /** Milliseconds of each; null: it was not settled within the limit. */
  readonly ms: readonly (number | null)[];
  readonly succeeded: number;
  /** How many failed, by what they failed with. */
  readonly failed: Readonly<Record<string, number>>;
}
