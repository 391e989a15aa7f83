import type { Caller } from '../../identity/caller.ts';
import { addressKey } from '../../kernel/address-key.ts';

/** Under which name a caller is counted: who they are, or where they come from. */
export const callerKey = ({ identity, address }: Pick<Caller, 'identity' | 'address'>): string =>
  identity === null ? addressKey(address) : identity.id;
