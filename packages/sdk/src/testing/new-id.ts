let last = 0;
let count = 0;

/** A new UUIDv7 (RFC 9562 section 5.7): those made later sort later, also within a millisecond. */
export function newId(now: number): string {
  if (now > last) {
    last = now;
    count = 0;
  } else {
    count += 1;
    // The counter has 12 bits.
    if (count === 0x1000) {
      last += 1;
      count = 0;
    }
  }
  const time = last.toString(16).padStart(12, '0');
  const random = crypto.randomUUID().slice(18);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, '0')}${random}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isUuid = (text: string): boolean => uuid.test(text);
