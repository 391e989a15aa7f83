import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes an extension with one route into a folder of extensions. */
export function writeExtension(folder: string, id: string): void {
  const directory = join(folder, id);
  mkdirSync(directory, { recursive: true });
  const manifest = {
    id,
    version: '1.0.0',
    apiVersion: 1,
    description: 'Says hello.',
    grants: ['ROUTES', 'TOOLS'],
    contributes: {
      tools: [
        {
          name: 'greet',
          description: 'Greets somebody.',
          inputSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        },
      ],
    },
  };
  writeFileSync(join(directory, 'extension.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(
    join(directory, 'extension.ts'),
    `import { defineExtension } from '@ordinaut/kit';

export default defineExtension({
  grants: ['ROUTES', 'TOOLS'],
  setup(ctx) {
    ctx.routes.get('/hello', async () => ({ message: 'hello' }));
    ctx.tools.register('greet', async ({ name }) => \`Hello \${name}\`);
  },
});
`,
  );
}
