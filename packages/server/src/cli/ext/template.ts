/** The files of a new extension, by their path below its folder. @param packages what `package.json` asks for, by name. */
export function templateOf(id: string, packages: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'extension.json': manifestOf(id),
    'extension.ts': codeOf(id),
    'extension.test.ts': testOf(id),
    'package.json': packageOf(id, packages),
    'tsconfig.json': tsconfig,
    'README.md': readmeOf(id),
    '.gitignore': 'node_modules/\n',
  };
}

const manifestOf = (id: string): string => `{
  "$schema": "./node_modules/@ordinaut/kit/extension.schema.json",
  "id": "${id}",
  "name": "${titleOf(id)}",
  "version": "0.1.0",
  "apiVersion": 1,
  "description": "Greets people.",
  "module": "extension.ts",
  // What the code may use, and why: operators read it.
  "grants": {
    "ROUTES": { "reason": "Serves /hello." },
    "TOOLS": { "reason": "Offers the tool greet to pipelines and assistants." },
    "EVENTS_SUB": { "reason": "Counts the visitors that are announced." }
  },
  // Listed before any code runs; the first use starts the extension.
  "contributes": {
    "tools": [
      {
        "name": "greet",
        "description": "Greets somebody by name.",
        "inputSchema": {
          "type": "object",
          "properties": { "name": { "type": "string", "minLength": 1 } },
          "required": ["name"],
          "additionalProperties": false
        },
        "outputSchema": {
          "type": "object",
          "properties": { "greeting": { "type": "string" } },
          "required": ["greeting"]
        },
        "annotations": { "readOnly": true, "openWorld": false }
      }
    ],
    "events": { "subscribe": ["visitor.*"] }
  },
  // What operators can set: ORDINAUT_EXT_CONFIG='{"${id}": {"salutation": "Good morning"}}'
  "config": {
    "type": "object",
    "properties": { "salutation": { "type": "string", "default": "Hello" } },
    "additionalProperties": false
  }
}
`;

const codeOf = (id: string): string => `import { defineExtension } from '@ordinaut/kit';

export default defineExtension({
  grants: ['ROUTES', 'TOOLS', 'EVENTS_SUB'],
  async setup(ctx) {
    let visitors = 0;
    const greet = (name: string): string => \`\${ctx.config.salutation}, \${name}!\`;

    // GET /ext/${id}/hello
    ctx.routes.get('/hello', async () => ({ message: greet('world'), visitors }));

    // The tool ext.${id}.greet; its schemas are in extension.json, and the input has been checked.
    ctx.tools.register('greet', async ({ name }: { name: string }) => ({ greeting: greet(name) }));

    await ctx.events.subscribe('visitor.*', (event) => {
      visitors += 1;
      ctx.logger.info({ topic: event.topic }, 'somebody came');
    });

    return { health: () => ({ status: 'healthy', checks: { visitors: String(visitors) } }) };
  },
});
`;

const testOf = (id: string): string => `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestHost, type TestHost } from '@ordinaut/kit/testing';

let host: TestHost;
before(async () => {
  host = await startTestHost({ extensions: [import.meta.dirname] });
});
after(() => host.close());

test('the route says hello', async () => {
  const { status, body } = await host.inject('GET', '/ext/${id}/hello');
  assert.equal(status, 200);
  assert.equal(body.message, 'Hello, world!');
});

test('the tool greets by name', async () => {
  assert.deepEqual(await host.callTool('ext.${id}.greet', { name: 'Ada' }), { greeting: 'Hello, Ada!' });
});

test('visitors are counted', async (t) => {
  await host.publish('visitor.arrived', { name: 'Ada' });
  await t.waitFor(async () => {
    const { body } = await host.inject('GET', '/ext/${id}/hello');
    assert.equal(body.visitors, 1);
  });
});
`;

const packageOf = (id: string, packages: Readonly<Record<string, string>>): string =>
  `${JSON.stringify(
    {
      name: `ordinaut-extension-${id.toLowerCase().replaceAll('_', '-')}`,
      version: '0.1.0',
      private: true,
      type: 'module',
      ordinaut: { extension: './extension.json' },
      scripts: {
        check: 'tsc',
        dev: 'ordinaut ext dev .',
        test: 'ordinaut ext test',
        validate: 'ordinaut ext validate .',
      },
      engines: { node: '>=24' },
      devDependencies: packages,
    },
    null,
    2,
  )}\n`;

const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: 'esnext',
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
    },
    include: ['*.ts'],
  },
  null,
  2,
)}\n`;

const readmeOf = (id: string): string => `# ${titleOf(id)}

An extension of Ordinaut.

| | |
|---|---|
| \`extension.json\` | what it is, what it offers and what it may use |
| \`extension.ts\` | its code |
| \`extension.test.ts\` | its tests, against a real server |

\`\`\`sh
npm install
npm test              # the tests
npm run validate      # manifest, schemas and code, without starting anything
npm run dev           # a server with this extension, reloaded at every change
curl http://127.0.0.1:8080/ext/${id}/hello
\`\`\`

A server takes it in with \`ORDINAUT_EXT_PATHS=/path/to/this/folder ordinaut serve\`.
`;

const titleOf = (id: string): string =>
  id
    .split(/[-_]+/)
    .filter((word) => word !== '')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join(' ') || id;
