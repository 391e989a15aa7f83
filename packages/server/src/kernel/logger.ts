import { type Logger, pino } from 'pino';
import { HIDDEN } from './redact.ts';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where authors of extensions may log a secret without a thought: the headers of a request, an input as it came. */
const secretPaths = ['', 'headers', '*', '*.headers'].flatMap((place) =>
  [
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'x-api-key',
    'password',
    'secret',
    'token',
    'api_key',
    'access_token',
    'refresh_token',
    'agent_secret',
  ].map((name) => `${place}["${name}"]`),
);

/** A logger of JSON lines on standard output; `component` names the part that speaks. */
export const createLogger = (level: LogLevel): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: { paths: secretPaths, censor: HIDDEN },
  });

/** An error with its causes. One that is frozen, or throws when it is looked at, is told by its stack alone. */
function describeError(error: Error): object {
  try {
    return pino.stdSerializers.errWithCause(error);
  } catch {
    return { type: 'Error', stack: String(error.stack) };
  }
}
