import type { Command } from 'commander';
import { type ApiClient, createClient } from './api-client.ts';
import { credentialsOf } from './credentials/credentials-of.ts';
import { createOutput, type Output } from './output.ts';
import { serverUrl } from './server-url.ts';

/** What every command that talks to a server works with. */
export interface CommandContext {
  readonly client: ApiClient;
  readonly output: Output;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The context that `--url` and `--json` (or `ORDINAUT_URL`) of a command describe, with the credentials of this user. */
export function contextOf(command: Command): CommandContext {
  const { url, json } = command.optsWithGlobals<{ url?: string; json?: boolean }>();
  const base = serverUrl(url ?? (process.env.ORDINAUT_URL || DEFAULT_URL));
  return {
    client: createClient(base, credentialsOf(base)),
    output: createOutput(json === undefined ? {} : { json }),
  };
}
