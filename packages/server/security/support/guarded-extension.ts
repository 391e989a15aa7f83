import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ExtensionFolder, setup } from '../../test/support/extensions.ts';

/** Stands in everything that nobody may see without credentials, or not at all. */
export const PROTECTED = 'PROTECTED';
/** What everybody may see. */
export const OPEN = 'an open file';

/** Writes the extension `guarded`: with routes that are open and others that are not, and files inside and outside of its folder. */
export function writeGuarded(folder: ExtensionFolder): void {
  const routes = ['/secret', '/open/deep/secret', '/openly', '/Open/secret', '/tree/a/b', '/wild/*'];
  const directory = folder.write('guarded', {
    manifest: { grants: ['ROUTES', 'STATIC'], contributes: { static: [{ dir: 'static', at: '/files/' }] } },
    code: setup(`
      ctx.routes.get('/open/hello', async () => ({ hello: 'open' }));
      for (const path of ${JSON.stringify(routes)}) ctx.routes.get(path, async () => ({ marker: '${PROTECTED}' }));
      ctx.routes.post('/secret', async () => ({ marker: '${PROTECTED}' }));`),
    files: {
      'static/public.txt': OPEN,
      'static/sub/page.txt': OPEN,
      'static/.hidden': PROTECTED,
      'static/.git/config': PROTECTED,
      'static-secret/secret.txt': PROTECTED,
      'secret.txt': PROTECTED,
    },
  });
  symlinkSync(join(directory, 'secret.txt'), join(directory, 'static', 'link.txt'));
  symlinkSync(directory, join(directory, 'static', 'up'));
}

/** Which of its paths are open, for `ORDINAUT_PUBLIC_PATHS`. */
export const guardedPublicPaths = ['/ext/guarded/open/*', '/ext/guarded/files/**'];
