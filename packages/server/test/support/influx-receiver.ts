import { listen } from './server.ts';

/** A point as InfluxDB understands a line. */
export interface ReceivedPoint {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string | number | bigint | boolean>>;
  /** Nanoseconds; null: the line has none. */
  readonly time: bigint | null;
}

export interface InfluxReceiver {
  readonly url: string;
  readonly points: readonly ReceivedPoint[];
  /** Points of each write that was taken. */
  readonly writes: readonly number[];
  /** When each write came, milliseconds of the monotonic clock. */
  readonly times: readonly number[];
  readonly lastQuery: Readonly<Record<string, string>>;
  /** Answers the next writes with these, one each, and takes nothing of them. */
  failNext(
    ...answers: readonly { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[]
  ): void;
  close(): Promise<void>;
}

/** Receives points as InfluxDB 2 does: `POST /api/v2/write` with org, bucket and token; a line that is none is 400. */
export async function influxReceiver(token: string, port = 0): Promise<InfluxReceiver> {
  const points: ReceivedPoint[] = [];
  const writes: number[] = [];
  const times: number[] = [];
  const failures: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[] = [];
  let lastQuery: Record<string, string> = {};
  const { url, close } = await listen((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://influx');
    const refuse = (status: number, message: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    if (pathname === '/ping') return response.writeHead(204).end();
    if (request.method !== 'POST' || pathname !== '/api/v2/write') return refuse(404, 'not found');
    times.push(performance.now());
    const failure = failures.shift();
    if (failure !== undefined) return response.writeHead(failure.status, { ...failure.headers }).end();
    if (request.headers.authorization !== `Token ${token}`) return refuse(401, 'unauthorized');
    lastQuery = Object.fromEntries(searchParams);
    if (!lastQuery.org || !lastQuery.bucket || lastQuery.precision !== 'ns') return refuse(400, 'query');
    try {
      const received = parseLines(request.text);
      points.push(...received);
      writes.push(received.length);
      return response.writeHead(204).end();
    } catch (error) {
      return refuse(400, `unable to parse: ${(error as Error).message}`);
    }
  }, port);
  return {
    url,
    points,
    writes,
    times,
    get lastQuery() {
      return lastQuery;
    },
    failNext: (...answers) => void failures.push(...answers),
    close,
  };
}

/**
 * Reads the line protocol character by character, as its description has it.
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 *
 * @throws Error for what is no line.
 */
export function parseLines(text: string): ReceivedPoint[] {
  const found: ReceivedPoint[] = [];
  let at = 0;
  const fail = (expected: string): never => {
    throw new Error(`${expected} expected at ${at} of ${JSON.stringify(text)}`);
  };
  /** A name or tag value up to one of the characters that end it; a backslash before one that is special takes its meaning away. */
  const word = (ends: string, special: string): string => {
    let read = '';
    for (; at < text.length && !ends.includes(text[at]!) && text[at] !== '\n'; at++) {
      if (text[at] === '\\' && at + 1 < text.length && special.includes(text[at + 1]!)) at++;
      read += text[at];
    }
    return read === '' ? fail('A name or value') : read;
  };
  const take = (character: string): void => {
    if (text[at] !== character) fail(JSON.stringify(character));
    at++;
  };
  const value = (): string | number | bigint | boolean => {
    if (text[at] === '"') {
      let read = '';
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) fail('The end of a text');
        if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at++;
        read += text[at];
      }
      at++;
      return read;
    }
    const plain = /[^, \n]*/y;
    plain.lastIndex = at;
    const read = plain.exec(text)![0];
    at += read.length;
    if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(read)) return Number(read);
    if (/^-?\d+i$/.test(read)) return BigInt(read.slice(0, -1));
    if (/^(t|T|true|True|TRUE)$/.test(read)) return true;
    return /^(f|F|false|False|FALSE)$/.test(read) ? false : fail('A value of a field');
  };
  while (at < text.length) {
    if (text[at] === '\n') {
      at++;
      continue;
    }
    const measurement = word(', ', ', ');
    const tags: [string, string][] = [];
    while (text[at] === ',') {
      at++;
      const name = word('=, ', ',= ');
      take('=');
      tags.push([name, word(',= ', ',= ')]);
    }
    take(' ');
    const fields: [string, ReturnType<typeof value>][] = [];
    do {
      if (fields.length > 0) take(',');
      const name = word('=, ', ',= ');
      take('=');
      fields.push([name, value()]);
    } while (text[at] === ',');
    let time: bigint | null = null;
    if (text[at] === ' ') {
      at++;
      const digits = /-?\d+/y;
      digits.lastIndex = at;
      const read = digits.exec(text)?.[0] ?? fail('A time');
      at += read.length;
      time = BigInt(read);
    }
    if (at < text.length && text[at] !== '\n') fail('The end of the line');
    found.push({ measurement, tags: Object.fromEntries(tags), fields: Object.fromEntries(fields), time });
  }
  return found;
}
