import { createHash, randomBytes } from 'node:crypto';

/** A random secret of 256 bits; the prefix tells people and secret scanners what it is. */
export const newSecret = (prefix: string): string => `${prefix}_${randomBytes(32).toString('base64url')}`;

/** What of a random secret is stored. Nothing slower than SHA-256 is needed: it cannot be guessed. */
export const hashOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** A password that a person can type: 100 bits in groups, without letters that look alike. */
export function newPassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789x';
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte & 31]).join('');
  return letters.replace(/(.{5})(?=.)/g, '$1-');
}
