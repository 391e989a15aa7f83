import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';

/** The status that a WebSocket is refused with. */
export const expectRefused = (socket: WebSocket): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.close();
      reject(new Error('The WebSocket was opened.'));
    });
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.terminate();
      resolve(response.statusCode);
    });
  });
