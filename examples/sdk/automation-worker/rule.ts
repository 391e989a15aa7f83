import type { Approval } from '@ordinaut/sdk';

export interface Verdict {
  readonly verb: 'approve' | 'reject';
  readonly comment: string;
}

/** What the worker answers to a question; null: it is for people. */
export function verdictOn({ details }: Pick<Approval, 'details'>): Verdict | null {
  const { version, environment } = details ?? {};
  if (environment !== 'staging' || typeof version !== 'string') return null;
  return version.includes('-')
    ? { verb: 'reject', comment: `${version} is a pre-release` }
    : { verb: 'approve', comment: `${version} may go to staging` };
}
