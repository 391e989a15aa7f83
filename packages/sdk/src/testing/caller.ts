import type { TestPrincipal, TestSession } from './state.ts';

/** Who asks. */
export interface Caller {
  readonly principal: TestPrincipal | null;
  readonly scopes: readonly string[];
  readonly via: 'none' | 'token' | 'api_key' | 'session';
  readonly session: TestSession | null;
}
