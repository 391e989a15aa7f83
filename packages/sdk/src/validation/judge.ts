import type { FieldIssue } from '../errors.ts';
import type { ValidationMode } from '../options.ts';
import type { redact } from '../redact.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestParts } from '../transport/outgoing-request.ts';
import { answerIssues, requestIssues } from './check-operation.ts';

export interface JudgeOptions {
  readonly requests: ValidationMode;
  readonly responses: ValidationMode;
  readonly telemetry: Telemetry;
}

/** Issues that are named in a message. */
const SHOWN = 5;

/** What does not fit, where that is an error. */
export interface Finding {
  readonly of: 'request' | 'response';
  readonly message: string;
  readonly issues: readonly FieldIssue[];
}

/** Finds what does not fit the contract, and does with it as the options say. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #redact: typeof redact;
  readonly #warned = new Set<string>();

  /** @param hide is given, since a module that this one and the rest of the client import makes bundles larger. */
  constructor(options: JudgeOptions, hide: typeof redact) {
    this.#options = options;
    this.#redact = hide;
  }

  /** What is to be thrown for a request; null: nothing. */
  request(operation: string, parts: RequestParts): Finding | null {
    return this.#tell('request', operation, requestIssues(operation, parts));
  }

  /** What is to be thrown for an answer; null: nothing. */
  answer(operation: string, status: number, data: unknown): Finding | null {
    return this.#tell('response', operation, answerIssues(operation, status, data));
  }

  #tell(of: 'request' | 'response', operation: string, found: readonly FieldIssue[]): Finding | null {
    if (found.length === 0) return null;
    // They quote what does not fit, and go to observers, messages and logs.
    const issues = this.#redact(found);
    const { telemetry, requests, responses } = this.#options;
    telemetry.emit({ type: 'validation', operation, of, issues });
    const list = issues.slice(0, SHOWN).map(({ field, issue }) => `${field || 'the whole'} ${issue}`);
    const what = of === 'request' ? 'What was to be sent' : 'What the server answered';
    const message = `${what} for ${operation} does not fit the contract: ${list.join('; ')}${issues.length > SHOWN ? '; …' : '.'}`;
    if ((of === 'request' ? requests : responses) === 'strict') return { of, message, issues };
    const key = `${of} ${operation} ${issues.map(({ field }) => field).join()}`;
    if (telemetry.hasObservers || this.#warned.has(key)) return null;
    this.#warned.add(key);
    console.warn(message);
    return null;
  }
}
