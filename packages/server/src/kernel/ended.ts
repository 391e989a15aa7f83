/** A text that ends like a sentence, so that another can follow: with a full stop where it has no end of its own. */
export const ended = (text: string): string => (/[.!?;]$/.test(text) ? text : `${text}.`);
