import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { json } from 'node:stream/consumers';

export interface Block {
  readonly address: string;
  readonly reason: string;
}

/**
 * A firewall as far as the example needs one: it remembers which addresses are blocked, and tells `print` of every change.
 *
 * `POST /blocks {address, reason}` answers 201, or 200 where the address is blocked already: a step that is repeated after a crash blocks once.
 * `GET /blocks` lists them, `DELETE /blocks/{address}` takes one away.
 */
export function createFirewall(print: (line: string) => void): Server {
  const blocks = new Map<string, Block>();
  return createServer(async (request, response) => {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === '/blocks') return answer(response, 200, [...blocks.values()]);
    if (request.method === 'POST' && path === '/blocks') {
      const block = readBlock(await json(request).catch(() => null));
      if (block === null) return answer(response, 400, { message: 'Send {"address": "203.0.113.7", "reason": "…"}.' });
      const known = blocks.get(block.address);
      if (known !== undefined) return answer(response, 200, known);
      blocks.set(block.address, block);
      print(`blocked ${block.address}: ${block.reason}`);
      return answer(response, 201, block);
    }
    const address = decodeURIComponent(/^\/blocks\/([^/]+)$/.exec(path)?.[1] ?? '');
    if (request.method === 'DELETE' && blocks.delete(address)) {
      print(`unblocked ${address}`);
      return answer(response, 200, { address });
    }
    return answer(response, 404, { message: `There is no ${request.method} ${path}.` });
  });
}

function readBlock(body: unknown): Block | null {
  const { address, reason }: { address?: unknown; reason?: unknown } = Object(body);
  return typeof address === 'string' && isIP(address) !== 0 && typeof reason === 'string' ? { address, reason } : null;
}

const answer = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

if (import.meta.main) {
  const server = createFirewall(console.log);
  server.listen(Number(process.env.FIREWALL_PORT ?? 9090), '127.0.0.1');
  await once(server, 'listening');
  console.log(`The firewall listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
