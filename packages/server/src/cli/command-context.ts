import type { Command } from 'commander';
import { type ApiClient, createClient } from './api-client.ts';
import { createOutput, type Output } from './output.ts';

/** What every command that talks to a server works with. */
export interface CommandContext {
  readonly client: ApiClient;
  readonly output: Output;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The context that `--url` and `--json` (or `ORDINAUT_URL`) of a command describe. */
export function contextOf(command: Command): CommandContext {
  const { url, json } = command.optsWithGlobals<{ url?: string; json?: boolean }>();
  return {
    client: createClient(url ?? (process.env.ORDINAUT_URL || DEFAULT_URL)),
    output: createOutput(json === undefined ? {} : { json }),
  };
}
