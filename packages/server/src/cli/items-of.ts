import { CliError, exitCodes } from './exit-codes.ts';

/** The items of a list, to be shown. @throws CliError for the answer of something else that has none. */
export function itemsOf<Item>(page: { readonly items: readonly Item[] }): readonly Item[] {
  if (Array.isArray(page?.items)) return page.items;
  throw new CliError(exitCodes.failed, 'What answers is no Ordinaut: there is no list in its answer. Check --url.');
}
