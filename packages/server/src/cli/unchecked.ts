/** What somebody has typed, as an operation takes it: the server checks it, and names what is wrong. */
export const unchecked = <Input>(typed: unknown): Input => typed as Input;
