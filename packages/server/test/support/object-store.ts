import { listen } from './server.ts';

export interface ObjectStore {
  /** Where its buckets are. */
  readonly url: string;
  /** The objects of each bucket. */
  readonly buckets: ReadonlyMap<string, readonly unknown[]>;
  /** How many requests with each method and path it has had. */
  readonly asked: readonly string[];
  /** Answers the next requests with these, one each, and does nothing else. */
  failNext(...statuses: readonly number[]): void;
  close(): Promise<void>;
}

/**
 * A store of objects: `POST /1/buckets?bucket=name` makes a bucket (201, or 409 where there is one), `POST /1/buckets/name/objects`
 * keeps a JSON object in it (201, or 404 where there is none).
 */
export async function objectStore(): Promise<ObjectStore> {
  const buckets = new Map<string, unknown[]>();
  const asked: string[] = [];
  const failures: number[] = [];
  const { url, close } = await listen((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://store');
    asked.push(`${request.method} ${request.url}`);
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const failure = failures.shift();
    if (failure !== undefined) return answer(failure, { error: 'as asked for' });
    if (request.method !== 'POST') return answer(405, { error: 'method' });
    const made = searchParams.get('bucket');
    if (pathname === '/1/buckets' && made !== null) {
      if (buckets.has(made)) return answer(409, { error: 'there is one' });
      buckets.set(made, []);
      return answer(201, { bucket: made });
    }
    const name = /^\/1\/buckets\/([^/]+)\/objects$/.exec(pathname)?.[1];
    const objects = name === undefined ? undefined : buckets.get(decodeURIComponent(name));
    if (objects === undefined) return answer(404, { error: 'there is none' });
    if (request.headers['content-type'] !== 'application/json') return answer(415, { error: 'no JSON' });
    objects.push(JSON.parse(request.text));
    return answer(201, { object: objects.length });
  });
  return {
    url: `${url}/1/buckets`,
    buckets,
    asked,
    failNext: (...statuses) => void failures.push(...statuses),
    close,
  };
}
