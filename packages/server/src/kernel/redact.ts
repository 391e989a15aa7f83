/** What stands in place of a secret. */
export const HIDDEN = '********';

/** Names that secrets have in headers and inputs, whatever the spelling: `X-Api-Key`, `apiKey`, `client_secret`. */
const secretName =
  /^(proxy-?)?authorization$|^(set-?)?cookie$|passw(or)?d|passphrase|secret|api[-_]?key|private[-_]?key|credential|(access|refresh|auth|bearer|session|csrf|bot|private|vault)token|[-_]token$|^x-?auth|^token$/i;

const known = new Map<string, boolean>();
const KNOWN = 5_000;

/** Whether what stands under a name is a secret. The same few names come again and again. */
export function isSecretName(name: string): boolean {
  let secret = known.get(name);
  if (secret === undefined) {
    secret = secretName.test(name);
    if (known.size < KNOWN) known.set(name, secret);
  }
  return secret;
}

/**
 * The same value with every text hidden that stands under the name of a secret, alone or in a list. What holds none is given back as it
 * is, so that looking is all it costs. Numbers stay: nobody keeps a password in them, and `max_tokens` is none.
 */
export function redact(value: unknown): unknown {
  return hide(value, false);
}

function hide(value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? HIDDEN : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | null = null;
    for (const [index, item] of value.entries()) {
      const shown = hide(item, isSecret);
      if (shown === item) continue;
      copy ??= [...value];
      copy[index] = shown;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | null = null;
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    const shown = hide(member, isSecretName(name));
    if (shown === member) continue;
    copy ??= { ...value };
    copy[name] = shown;
  }
  return copy ?? value;
}
