import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

/** A new UUIDv7: ids made by one process sort in the order they were made. */
export const newId = (): string => v7();

/** The smallest UUIDv7 of an instant: everything made before it sorts below. */
export function firstIdOf(epochMs: number): string {
  const hex = Math.max(0, epochMs).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => uuid.test(text);

/** A short random name, for processes and temporary things. */
export const newToken = (bytes = 6): string => randomBytes(bytes).toString('hex');
