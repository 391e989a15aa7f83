import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeptLogin } from '../../src/cli/credentials/kept-login.ts';
import { type CliResult, runCli, startCli } from './run-cli.ts';

export const adminPassword = 'correct horse battery staple';
/** Settings of a server that asks who it is, with a known password of `admin`. */
export const askingServer = {
  ORDINAUT_AUTH: 'required',
  ORDINAUT_AUTH_RATE_LIMIT: 'off',
  ORDINAUT_ADMIN_PASSWORD: adminPassword,
};

/** Somebody who uses the command line, with a home of their own. */
export interface CliHome extends AsyncDisposable {
  /** Where the logins are kept. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs it; every token that was ever kept or given must not be in what it writes. */
  cli(args: readonly string[], options?: { input?: string; env?: Record<string, string> }): Promise<CliResult>;
  /** The JSON that it writes; fails where it does not end with 0. */
  json(...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>>;
  start(args: readonly string[]): ReturnType<typeof startCli>;
  login(name?: string, password?: string): Promise<void>;
  /** What is kept of the server. */
  kept(): Promise<KeptLogin>;
  /** Changes what is kept of the server. */
  keep(fields: Partial<KeptLogin>): Promise<void>;
}

export async function newHome(url: string): Promise<CliHome> {
  const directory = await mkdtemp(join(tmpdir(), 'ordinaut-home-'));
  const file = join(directory, '.config/ordinaut/credentials.json');
  const env = { HOME: directory, ORDINAUT_URL: url };
  const secrets = new Set<string>();
  const servers = async (): Promise<Record<string, KeptLogin>> => JSON.parse(await readFile(file, 'utf8')).servers;
  const note = async () => {
    const all = await servers().catch(() => ({}));
    for (const { access_token, refresh_token } of Object.values(all)) secrets.add(access_token).add(refresh_token);
  };
  const home: CliHome = {
    file,
    env,
    async cli(args, options = {}) {
      await note();
      const result = await runCli(args, { ...options, env: { ...env, ...options.env } });
      await note();
      for (const secret of secrets) {
        if (`${result.stdout}${result.stderr}`.includes(secret)) throw new Error(`A token is shown: ${args.join(' ')}`);
      }
      return result;
    },
    async json(...args) {
      const { code, stdout, stderr } = await home.cli(args);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    start: (args) => startCli(args, { env }),
    async login(name = 'admin', password = adminPassword) {
      const args = ['login', '--username', name, '--password-stdin'];
      const { code, stderr } = await home.cli(args, { input: `${password}\n` });
      if (code !== 0) throw new Error(`The login ended with ${code}: ${stderr}`);
    },
    async kept() {
      return (await servers())[url]!;
    },
    async keep(fields) {
      const all = await servers();
      await writeFile(file, JSON.stringify({ servers: { ...all, [url]: { ...all[url], ...fields } } }));
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
  return home;
}
