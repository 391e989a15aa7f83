import type { CallOptions } from '../call.ts';
import type { Rank } from '../transport/limiter.ts';

/** Nobody outside goes before a login. */
export const rankOf = ({ priority }: CallOptions): Rank => (priority === 'low' ? 'low' : 'foreground');
