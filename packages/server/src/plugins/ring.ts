/** A queue of fixed size in one array: the oldest goes where there is no room. */
export class Ring<Item> {
  readonly #items: (Item | undefined)[];
  #first = 0;
  #size = 0;

  /** @param capacity above 0. */
  constructor(capacity: number) {
    this.#items = new Array<Item | undefined>(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds an item, and gives the oldest where that had to go for it. */
  push(item: Item): Item | undefined {
    const { length } = this.#items;
    const place = (this.#first + this.#size) % length;
    const oldest = this.#items[place];
    this.#items[place] = item;
    if (this.#size < length) {
      this.#size += 1;
      return undefined;
    }
    // It stood where the new one is now.
    this.#first = (this.#first + 1) % length;
    return oldest;
  }

  /** Takes the oldest; undefined where there is none. */
  shift(): Item | undefined {
    if (this.#size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#items.length;
    this.#size -= 1;
    return item;
  }

  clear(): void {
    while (this.#size > 0) this.shift();
  }
}
