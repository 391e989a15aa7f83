import { Manifest } from '@ordinaut/kit';
import { type Declaration, readDeclarations } from './declarations.ts';
import { row } from './table.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The schema of manifests as editors read it. */
export const manifestSchema = (): string =>
  `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...Manifest }, null, 2)}\n`;

/** Parts of `ctx`, each with the interface that describes it. */
const parts: readonly (readonly [title: string, name: string, prefix: string])[] = [
  ['Always there', 'BaseContext', 'ctx.'],
  ['`ctx.logger`', 'Logger', 'ctx.logger.'],
  ['`ctx.metrics`', 'Metrics', 'ctx.metrics.'],
  ['`ctx.routes`', 'Routes', 'ctx.routes'],
  ['`ctx.tools`', 'Tools', 'ctx.tools.'],
  ['`ctx.events` for publishing', 'EventPublisher', 'ctx.events.'],
  ['`ctx.events` for reading', 'EventReader', 'ctx.events.'],
  ['`ctx.background`', 'Background', 'ctx.background.'],
];

/** Types that the parts speak of. */
const others = [
  ...['ExtensionInfo', 'HealthReport', 'MetricOptions', 'Labels', 'ToolHandler', 'ToolCall', 'ToolCallOptions'],
  ...['StreamEvent', 'Gap', 'FollowOptions', 'BackgroundOptions', 'BackgroundTask', 'Closable', 'Undo', 'Json'],
];

export function extensionsPage(header: string): string {
  const declarations = readDeclarations(['context.ts', 'define-extension.ts', 'errors.ts', 'testing.ts']);
  const get = (name: string): Declaration => {
    const found = declarations.get(name);
    if (found === undefined) throw new Error(`the kit declares no ${name}`);
    return found;
  };
  return `${header}

# Writing extensions

An extension is a folder with a manifest \`extension.json\` and a module. \`ordinaut ext new NAME\` makes one with a test,
\`ordinaut ext validate PATH\` checks it, \`ordinaut ext test\` runs its tests, \`ordinaut ext dev PATH\` runs a server that
reloads it at every change. The [guide](../guides/extensions.md) shows how.

## Where extensions are found

In this order; of two with the same id the first is kept, and both places are named in \`GET /ext/status\`.

| source | |
|---|---|
| \`builtin\` | Those that come with the server. |
| \`env_dir\` | \`ORDINAUT_EXT_PATHS\`: the folder of an extension, or a folder with extensions up to two levels below. |
| \`env_file\` | \`ORDINAUT_EXT_PATHS\`: a module file. Its manifest is the file of the same name with \`.json\` (\`weather.ts\`, \`weather.json\`), or \`extension.json\` beside it. |
| \`package\` | Dependencies of the nearest \`package.json\` of the working directory whose own has \`"ordinaut": true\` or \`"ordinaut": {"extension": "./extension.json"}\`. They get what they ask for and \`ORDINAUT_EXT_PACKAGE_GRANTS\` allows. |

A manifest with a problem stops that extension alone; the reason is told with file, line and column.

## The manifest

JSON, with comments and trailing commas. Fields that are not here are left alone. The schema for editors is
\`node_modules/@ordinaut/kit/extension.schema.json\`. The ids \`status\` and \`__proto__\` are taken.

| field | value | default | |
|---|---|---|---|
${fieldRows(Manifest as object as Schema).join('\n')}

## The module

Its default export is the result of \`defineExtension\`. TypeScript and JavaScript, several files, JSON and npm packages are bundled
into one script when the extension is first used, and again when something has changed. Every file keeps its own
\`import.meta.url\`, \`import.meta.dirname\` and \`__dirname\`. There is no \`await\` at the top level of a file. Native addons
(\`.node\`) are loaded from where they lie and stay loaded until the server ends.

${membersOf('ExtensionDefinition', get('ExtensionDefinition'), '')}

### What \`setup\` may give back

${membersOf('Running', get('Running'), '')}

## \`ctx\`

${get('Context').doc}

${parts.map(([title, name, prefix]) => `### ${title}\n\n${partOf(name, get(name), prefix)}`).join('\n\n')}

### Types

\`\`\`ts
${others.map((name) => typeText(get(name))).join('\n\n')}
\`\`\`

## Errors to throw

| class | |
|---|---|
${['NotReady', 'Fatal', 'RequestError', 'CapabilityError'].map((name) => row([`\`${name}\``, get(name).doc])).join('\n')}

## Tests

\`startTestHost\` of \`@ordinaut/kit/testing\` starts a real server with the extensions, on an empty database and a free port.

### Options

${membersOf('TestHostOptions', get('TestHostOptions'), '')}

### The host

${membersOf('TestHost', get('TestHost'), 'host.')}
`;
}

function partOf(name: string, declaration: Declaration, prefix: string): string {
  if (declaration.members.length === 0) return declaration.doc;
  return `${declaration.doc}\n\n${membersOf(name, declaration, prefix)}`;
}

function membersOf(name: string, { members }: Declaration, prefix: string): string {
  if (members.length === 0) throw new Error(`${name} has no members`);
  const rows = members
    .filter(({ signature }) => !/^(override |constructor|\[brand\])/.test(signature))
    .map(({ signature, doc }) => row([`\`${prefix}${signature}\``, doc]));
  return `| | |\n|---|---|\n${rows.join('\n')}`;
}

const typeText = ({ doc, text }: Declaration): string => (doc === '' ? text : `// ${doc}\n${text}`);

/** A row for every field of an object, those of its parts after it. */
function fieldRows(schema: Schema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required?.includes(name) === true;
    const preset = field.default === undefined ? '–' : `\`${JSON.stringify(field.default)}\``;
    const own = row([`\`${path}\``, kindOf(field), isRequired ? 'required' : preset, field.description ?? '']);
    const inside = field.type === 'array' ? fieldRows(field.items ?? {}, `${path}[].`) : fieldRows(field, `${path}.`);
    return [own, ...inside];
  });
}

function kindOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(kindOf).join(', or ');
  switch (schema.type) {
    case 'array':
      return `list of ${schema.items === undefined || schema.items.type === 'object' ? 'objects' : kindOf(schema.items)}`;
    case 'integer':
      return `${schema.minimum} to ${schema.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'text';
    default:
      return 'object';
  }
}
