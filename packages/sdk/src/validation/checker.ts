import { ConnectionError, ValidationError } from '../errors.ts';
import type { ErrorFacts } from '../ordinaut-error.ts';
import { redact } from '../redact.ts';
import type { OutgoingRequest } from '../transport/outgoing-request.ts';
import type { Finding, Judge, JudgeOptions } from './judge.ts';

/**
 * Holds what goes out and comes in against the contract. The schemas are loaded with the first thing that is checked, so that a bundle
 * has them in a file of its own, and clients that check nothing never load them.
 */
export class Checker {
  readonly #options: JudgeOptions;
  #judge: Promise<Judge> | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** @throws ValidationError in the mode `strict`. */
  async checkRequest({ name, parts }: OutgoingRequest, facts: () => ErrorFacts): Promise<void> {
    if (this.#options.requests === 'off' || parts === null) return;
    raise((await this.#load()).request(name, parts), facts);
  }

  /** @throws ValidationError in the mode `strict`. */
  async checkAnswer(
    { name, parts }: OutgoingRequest,
    status: number,
    data: unknown,
    facts: () => ErrorFacts,
  ): Promise<void> {
    if (this.#options.responses === 'off' || parts === null) return;
    raise((await this.#load()).answer(name, status, data), () => ({ ...facts(), status }));
  }

  #load(): Promise<Judge> {
    this.#judge ??= import('./judge.ts').then(
      ({ Judge }) => new Judge(this.#options, redact),
      (cause: unknown) => {
        // The next call may have better luck: pages load it over the network.
        this.#judge = undefined;
        throw new ConnectionError('The schemas of the contract could not be loaded.', { retryable: true, cause });
      },
    );
    return this.#judge;
  }
}

function raise(finding: Finding | null, facts: () => ErrorFacts): void {
  if (finding !== null) throw new ValidationError(finding.message, { ...facts(), ...finding });
}
