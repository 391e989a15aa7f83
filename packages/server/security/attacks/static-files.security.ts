import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExtensionFolder, extensionFolder } from '../../test/support/extensions.ts';
import { Asker } from '../support/asker.ts';
import { type AttackedServer, startAttacked } from '../support/attacked-server.ts';
import { faultsOf } from '../support/error-answer.ts';
import { OPEN, PROTECTED, writeGuarded } from '../support/guarded-extension.ts';
import { Tally } from '../support/tally.ts';

/** What lies outside of the folder that is served, or is hidden in it. */
const targets = [
  '../secret.txt',
  '../extension.json',
  '../extension.ts',
  '../static-secret/secret.txt',
  '../../../../../../../../etc/passwd',
  'sub/../../secret.txt',
  'public.txt/../../secret.txt',
  'link.txt',
  'up/secret.txt',
  'up/static/.hidden',
  '.hidden',
  '.git/config',
  '/etc/passwd',
  '//etc/passwd',
  'file:///etc/passwd',
  '//127.0.0.1/share/x',
  '\\\\127.0.0.1\\share\\x',
  'C:\\windows\\win.ini',
  'C:/windows/win.ini',
  '\\etc\\passwd',
];

type Encoding = (path: string) => string;
const dots =
  (text: string): Encoding =>
  (path) =>
    path.replaceAll('..', text);
const slashes =
  (text: string): Encoding =>
  (path) =>
    path.replaceAll('/', text);

const encodings: Readonly<Record<string, Encoding>> = {
  plain: (path) => path,
  'dots encoded': dots('%2e%2e'),
  'dots in upper case': dots('%2E%2E'),
  'one dot encoded': dots('.%2e'),
  'dots encoded twice': dots('%252e%252e'),
  'dots encoded thrice': dots('%25252e%25252e'),
  'slashes encoded': slashes('%2f'),
  'slashes encoded twice': slashes('%252f'),
  'all encoded': (path) => encodeURIComponent(path).replaceAll('.', '%2e'),
  'all encoded twice': (path) => encodeURIComponent(encodeURIComponent(path).replaceAll('.', '%2e')),
  backslashes: slashes('\\'),
  'encoded backslashes': slashes('%5c'),
  'backslashes encoded twice': slashes('%255c'),
  'overlong dots': dots('%c0%ae%c0%ae'),
  'overlong slashes': slashes('%c0%af'),
  'UTF-16 escapes': dots('%u002e%u002e'),
  'full-width dots': dots('%ef%bc%8e%ef%bc%8e'),
  'full-width slashes': slashes('%ef%bc%8f'),
  'division slashes': slashes('%e2%88%95'),
  'dots with a parameter': dots('..;'),
  'dots with a NUL': dots('..%00'),
  'dots with a tab': dots('..%09'),
  'dots taken out once': (path) => path.replaceAll('../', '....//'),
  'many slashes': slashes('///'),
  'NUL at the end': (path) => `${path}%00`,
  'NUL and an extension': (path) => `${path}%00.txt`,
  'NUL before': (path) => `public.txt%00${path}`,
  'behind a query': (path) => `?${path}`,
  'behind a fragment': (path) => `#/${path}`,
  'trailing slash': (path) => `${path}/`,
  'trailing dot': (path) => `${path}.`,
  'data stream of NTFS': (path) => `${path}::$DATA`,
  'short name of DOS': (path) => path.replace('secret.txt', 'SECRET~1.TXT'),
};

/** Where a folder is served: that of the test, and those that come with the server. */
const folders = [
  '/ext/guarded/files/',
  '/api/v1/ext/guarded/files/',
  '/ext/guarded/files',
  '/ext/webui/',
  '/docs/static/',
];

const tally = new Tally();
let folder: ExtensionFolder;
let attacked: AttackedServer;
let asker: Asker;

beforeAll(async () => {
  folder = extensionFolder();
  writeGuarded(folder);
  attacked = await startAttacked({ ORDINAUT_AUTH: 'off', ORDINAUT_EXT_PATHS: folder.path });
  asker = new Asker(attacked.url);
});
afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  folder?.remove();
  process.stdout.write(`Static files: ${targets.length * Object.keys(encodings).length} names, ${tally.line()}\n`);
});

test('the files of the folder are served', async () => {
  for (const name of ['public.txt', 'sub/page.txt', 'public%2Etxt'])
    expect((await asker.ask(`/ext/guarded/files/${name}`)).text).toBe(OPEN);
});

test.each(folders)('nothing but the files of the folder is served below %s', async (base) => {
  const wrong: string[] = [];
  for (const target of targets) {
    for (const [name, encode] of Object.entries(encodings)) {
      const path = base + encode(target);
      const answer = await asker.ask(path);
      tally.count(base, answer.status);
      const isOutside = [PROTECTED, 'root:x:', '"apiVersion"', 'defineExtension'].some((text) =>
        answer.text.includes(text),
      );
      const faults = answer.status >= 400 ? faultsOf(answer) : [];
      if (isOutside || faults.length > 0) wrong.push(`${name}: ${path}: ${answer.status} ${faults.join(', ')}`);
    }
  }
  expect(wrong).toEqual([]);
});
