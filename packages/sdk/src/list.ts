import type { Answer } from './call.ts';

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  /** Matching items; counted exactly up to 1,000, which then means "at least". */
  total: number;
  limit: number;
  offset: number;
  has_more: boolean;
  /** Where the next page begins; null: this is the last. */
  next_cursor: string | null;
}

/**
 * A list: `for await` goes through all items, page after page, by cursors, so that items that come or go meanwhile are neither
 * told twice nor passed over. `await` gives the first page alone. Nothing is sent before one of them.
 */
export interface List<Item, PageType = Page<Item>> extends AsyncIterable<Item>, Promise<PageType> {
  /** The pages, one after another. */
  pages(): AsyncIterable<PageType>;
  /**
   * The items as an array.
   *
   * @param limit most items; default: all there are.
   */
  toArray(limit?: number): Promise<Item[]>;
  /** The first page with its response. */
  withResponse(): Promise<Answer<PageType>>;
}
