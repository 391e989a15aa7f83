import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the extensions that come with the server: in the bundle beside it, in a checkout at its root. */
export function builtinDirectory(): string {
  const bundled = fileURLToPath(new URL('./extensions/', import.meta.url));
  const isBundle = !import.meta.url.endsWith('.ts') && existsSync(bundled);
  return isBundle ? bundled : fileURLToPath(new URL('../../../../../extensions', import.meta.url));
}
