/**
 * Writes the reference pages that come from the code: settings, errors, extensions and the OpenAPI document, and the schema of
 * manifests. They are committed, so that a change of them shows in review.
 *
 *     node --conditions=ordinaut-source packages/server/scripts/generate-reference.ts [--check]
 *
 * With `--check` nothing is written, and it ends with 1 where a page is not what it would be.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { httpErrors, runErrors } from '@ordinaut/contract';
import { expectedOf } from '../src/config/parse-setting.ts';
import { clientSettings, type Setting, settings } from '../src/config/settings.ts';
import { openApiDocument } from '../src/http/openapi.ts';
import { extensionsPage, manifestSchema } from './reference/extensions-page.ts';
import { row } from './reference/table.ts';

const directory = new URL('../../../docs/reference/', import.meta.url);
const generated = (source: string) =>
  `<!-- Generated from ${source} by packages/server/scripts/generate-reference.ts. Do not edit. -->`;

const pages: Record<string, string> = {
  'settings.md': settingsPage(),
  'errors.md': errorsPage(),
  'extensions.md': extensionsPage(generated('packages/kit/src')),
  '../../packages/kit/extension.schema.json': manifestSchema(),
  'openapi.json': `${JSON.stringify(await openApiDocument(), null, 2)}\n`,
};

const isCheck = process.argv.includes('--check');
await mkdir(directory, { recursive: true });
for (const [name, content] of Object.entries(pages)) {
  const file = new URL(name, directory);
  const present = await readFile(file, 'utf8').catch(() => '');
  if (present === content) continue;
  if (isCheck) {
    console.error(`${fileURLToPath(file)} is not up to date; run packages/server/scripts/generate-reference.ts`);
    process.exitCode = 1;
  } else {
    await writeFile(file, content);
    console.log(fileURLToPath(file));
  }
}

function settingsPage(): string {
  return `${generated('packages/server/src/config/settings.ts')}

# Settings

Every setting of the server is an environment variable and a flag of \`ordinaut serve\`; a flag goes before the environment.
A variable that is empty counts as one that is not set. A name beginning with \`ORDINAUT_\` that is not here stops the start.

| variable | flag | value | default | |
|---|---|---|---|---|
${settings.map(settingRow).join('\n')}

## Of the command line

| variable | default | |
|---|---|---|
${clientSettings.map((one) => row([`\`${one.env}\``, `\`${one.default}\``, one.description])).join('\n')}
`;
}

function settingRow(setting: Setting): string {
  const { env, flag, description, default: preset } = setting;
  const none = preset === null || (typeof preset === 'object' && Object.keys(preset as object).length === 0);
  const shown = none ? '–' : `\`${typeof preset === 'boolean' ? Number(preset) : String(preset)}\``;
  return row([`\`${env}\``, `\`--${flag}\``, expectedOf(setting), shown, description]);
}

function errorsPage(): string {
  return `${generated('packages/contract/src/errors.ts')}

# Errors

Every error of the HTTP API has the same body: \`{error, message, details, request_id, timestamp}\`. \`error\` is one of these
codes; a code never changes its meaning. A 400 names every bad field in \`details.errors\` as \`{field, issue}\`. Answers whose
code is retryable carry \`Retry-After\`.

| code | status | meaning | retryable |
|---|---|---|---|
${Object.entries(httpErrors)
  .map(([code, { status, sentence, retryable }]) => row([`\`${code}\``, String(status), sentence, yesNo(retryable)]))
  .join('\n')}

A request that is refused before it can be read answers with the status that says most: 431 (URL and headers too large, code
\`bad_request\`) and 408 (the request did not arrive in time, code \`timeout\`).

## Of runs and steps

\`error.code\` of a run or step that failed. A run whose error is retryable is tried again while it has attempts left.

| code | meaning | retryable |
|---|---|---|
${Object.entries(runErrors)
  .map(([code, { sentence, retryable }]) => row([`\`${code}\``, sentence, yesNo(retryable)]))
  .join('\n')}
`;
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
