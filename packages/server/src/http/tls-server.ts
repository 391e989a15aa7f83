import { createServer } from 'node:https';
import type { Logger } from '../kernel/logger.ts';
import type { MakeServer } from './http-server.ts';
import { TlsFiles } from './tls-files.ts';

/** Makes a server for HTTPS that takes a renewed certificate as it comes. @throws Error where the files cannot be used. */
export function tlsServer(paths: { cert: string; key: string }, logger: Logger): MakeServer {
  const files = new TlsFiles(paths, logger);
  const pair = files.read();
  return (settings) => {
    const server = createServer({ ...settings, ...pair, minVersion: 'TLSv1.2' });
    server.on(
      'close',
      files.follow((renewed) => server.setSecureContext(renewed)),
    );
    return server;
  };
}
