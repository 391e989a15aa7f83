import { ApiError } from '../kernel/errors.ts';

/** For who asks for a WebSocket as if it were something else. @param details what the details of the error say besides. */
export const onlyWebSocket = (url: string, details: Readonly<Record<string, unknown>> = {}): ApiError =>
  new ApiError(
    'upgrade_required',
    `There is a WebSocket at ${url}, and nothing else; ask for it with Upgrade: websocket.`,
    {
      details: { what: 'path', id: url, ...details },
    },
  );
