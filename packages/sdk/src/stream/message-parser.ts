/** A server-sent event (HTML Living Standard, section 9.2). */
export interface Message {
  readonly name: string;
  /** The last id the stream has named, which holds for all events after it; null: none yet. */
  readonly id: string | null;
  readonly data: string;
}

/**
 * Reads server-sent events out of pieces of text, wherever these are cut.
 *
 * @param onComment is told of each comment: a sign of life.
 */
export class MessageParser {
  readonly #onMessage: (message: Message) => void;
  readonly #onComment: () => void;
  /** What has come of a line that is not over; it is not looked through again. */
  #begun = '';
  /** A carriage return at the end of a piece: a line feed that belongs to it may be in the next one. */
  #held = '';
  #name = '';
  #data: string[] = [];
  #id: string | null = null;
  #isFirst = true;

  constructor(onMessage: (message: Message) => void, onComment: () => void) {
    this.#onMessage = onMessage;
    this.#onComment = onComment;
  }

  feed(piece: string): void {
    let text = this.#held + piece;
    if (this.#isFirst && text !== '') {
      this.#isFirst = false;
      text = text.replace(/^\uFEFF/, '');
    }
    const ends = /\r\n|\n|\r/g;
    let begin = 0;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      if (end[0] === '\r' && end.index === text.length - 1) break;
      this.#line(this.#begun + text.slice(begin, end.index));
      this.#begun = '';
      begin = ends.lastIndex;
    }
    this.#held = text.endsWith('\r') ? '\r' : '';
    this.#begun += text.slice(begin, text.length - this.#held.length);
  }

  #line(line: string): void {
    const colon = line.indexOf(':');
    if (line === '') this.#dispatch();
    else if (colon === 0) this.#onComment();
    else this.#field(line, colon);
  }

  #field(line: string, colon: number): void {
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data.push(value);
    if (field === 'id' && !value.includes('\0')) this.#id = value;
  }

  #dispatch(): void {
    const [name, data] = [this.#name || 'message', this.#data];
    [this.#name, this.#data] = ['', []];
    if (data.length > 0) this.#onMessage({ name, id: this.#id, data: data.join('\n') });
  }
}
