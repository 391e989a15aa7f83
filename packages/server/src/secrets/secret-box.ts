import type { Key, KeyRing } from './key-ring.ts';

/** Each secret has a random key of its own (A256GCM), which is wrapped with a key of the ring (A256GCMKW, RFC 7518 section 4.7). */
const KEY_ALGORITHM = 'A256GCMKW';
const CONTENT_ALGORITHM = 'A256GCM';
/** Header with the name of the secret. It is protected, so that a box which is moved to another name does not open. */
const NAME = 'ordinaut:name';

/** Encrypts a text: a JWE in its compact form (RFC 7516). */
export async function closeBox(name: string, text: string, key: Key): Promise<string> {
  const { CompactEncrypt } = await loadJose();
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: KEY_ALGORITHM, enc: CONTENT_ALGORITHM, kid: key.id, [NAME]: name })
    .encrypt(key.secret);
}

/**
 * The text in a box.
 *
 * @throws Error where the box is not what was closed under this name with one of the keys.
 */
export async function openBox(name: string, box: string, keys: Pick<KeyRing, 'find'>): Promise<string> {
  const { compactDecrypt } = await loadJose();
  const keyOf = ({ kid = '' }: { kid?: string }): Uint8Array => {
    const key = keys.find(kid);
    if (key === null) throw new Error('It was closed with a key that is not here.');
    return key.secret;
  };
  const opened = await compactDecrypt(box, keyOf, {
    keyManagementAlgorithms: [KEY_ALGORITHM],
    contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
  }).catch((error: unknown) => {
    throw new Error(`What is stored of the secret ${name} was changed, and cannot be decrypted.`, { cause: error });
  });
  if (opened.protectedHeader[NAME] !== name)
    throw new Error(`What is stored of the secret ${name} belongs to another secret.`);
  return new TextDecoder().decode(opened.plaintext);
}

/** Loaded at the first secret: the start of the server goes without it. */
const loadJose = () => import('jose');
