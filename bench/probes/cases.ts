import { type Case, errorsOf, failuresOf, hangingOf, type Measured, medianMs, toldMs } from './case.ts';
import { type Scenario, type StreamBreak, streamBreaks } from './scenario.ts';

const STAMPEDE = { requests: 50, spreadMs: 3000 };
const OUTAGE_CALLS = 300;
const SOCKET_CALLS = 300;
const ABORTS = 50;
const STALL_MS = 2000;
const RETRY_AFTER = { seconds: 120, deadlineMs: 60_000 };

/** Every case but those of streams; `quick` gives up sooner and takes fewer samples. */
export function casesOf(quick: boolean) {
  return {
    stampede: {
      scenario: { is: 'revoked', ...STAMPEDE },
      probe: { name: 'calls after one', count: STAMPEDE.requests, limitMs: 20_000, settings: {} },
      who: ['ours', 'openai', 'aws standard', 'aws adaptive', 'ky'],
      together: true,
      value: (measured) => (unsettled(measured) === '' ? measured.seen.logins : null),
      tells: {
        '50 requests refused over 3 s: logins': ({ seen }) => String(seen.logins),
        '… calls that succeed': ({ observed }) => String(observed.succeeded),
        '… error': firstError,
      },
    },
    outage: outage('outage, 300 calls: requests a call', {}),
    outageWithoutCircuit: { ...outage('… by the retry budget alone', { withoutCircuit: true }), who: ['ours'] },
    retryAfter: single({
      words: 'Retry-After 120 s, deadline 60 s',
      scenario: { is: 'away', retryAfterSeconds: RETRY_AFTER.seconds },
      limitMs: quick ? 6000 : 70_000,
      settings: { deadlineMs: RETRY_AFTER.deadlineMs },
    }),
    stalled: single({
      words: 'stalled body, deadline 2 s',
      scenario: { is: 'stalled' },
      limitMs: 10_000,
      settings: { deadlineMs: STALL_MS },
    }),
    stalledSignal: single({
      words: 'stalled body, signal after 2 s',
      scenario: { is: 'stalled' },
      limitMs: 10_000,
      signalMs: STALL_MS,
    }),
    post: post('POST answered with 500', 'post'),
    keyedPost: post('the same with a key', 'keyed post'),
    sockets: {
      scenario: { is: 'fine', delayMs: 50 },
      probe: { name: 'calls', count: SOCKET_CALLS, limitMs: 20_000, settings: {} },
      together: false,
      value: ({ seen }) => seen.sockets,
      tells: { '300 calls at once: sockets': (measured) => `${measured.seen.sockets}${unsettled(measured)}` },
    },
    abortWaiting: abort('abort while it waits for an answer', { is: 'mute' }, quick),
    abortBackingOff: abort('abort while it backs off', { is: 'away', retryAfterSeconds: 3 }, quick),
  } as const satisfies Record<string, Case>;
}

/** A stream that breaks, in each way. */
export const streamCasesOf = (quick: boolean): readonly Case[] =>
  streamBreaks.map((breaks): Case => {
    const isSilent = breaks === 'silence';
    return {
      scenario: { is: 'stream', breaks },
      probe: {
        name: 'stream',
        withLogin: true,
        count: 2,
        limitMs: isSilent ? (quick ? 6000 : 60_000) : 12_000,
        // Ours notices after 45 s by itself.
        settings: isSilent && quick ? { silenceMs: 1000 } : {},
      },
      who: ['ours', 'openai', 'undici'],
      together: true,
      value: (measured) => (goesOn(measured) ? 1 : 0),
      tells: {
        [`stream: ${streamWords[breaks]}`]: (measured) =>
          goesOn(measured) ? 'goes on' : (errorsOf(measured)[0] ?? 'hangs'),
      },
    };
  });

const streamWords: Readonly<Record<StreamBreak, string>> = {
  close: 'the server ends it',
  reset: 'the connection is reset',
  '401': '401 when it comes back',
  '503': '503 when it comes back',
  silence: 'nothing comes any more',
};

/** Both events came, and the server was told where to go on. */
const goesOn = ({ observed, seen }: Measured): boolean => observed.succeeded === 2 && seen.resumedAfter[0] === '1-0';

function outage(words: string, settings: Case['probe']['settings']): Case {
  const factor = ({ seen }: Measured): number => seen.requests / OUTAGE_CALLS;
  return {
    scenario: { is: 'away', retryAfterSeconds: null },
    probe: { name: 'calls', count: OUTAGE_CALLS, limitMs: 40_000, settings },
    together: true,
    value: factor,
    tells: {
      [words]: (measured) => {
        const hanging = hangingOf(measured);
        return `${factor(measured).toFixed(2)}${hanging > 0 ? `, ${hanging} hang` : ''}`;
      },
    },
  };
}

/** One call that cannot succeed: when it fails, and what it took. */
const single = ({
  words,
  scenario,
  limitMs,
  settings = {},
  signalMs,
}: {
  words: string;
  scenario: Scenario;
  limitMs: number;
  settings?: Case['probe']['settings'];
  signalMs?: number;
}): Case => ({
  scenario,
  probe: { name: 'calls', count: 1, limitMs, settings, ...(signalMs !== undefined && { signalMs }) },
  together: true,
  value: medianMs,
  tells: {
    [`${words}: fails after`]: (measured) => toldMs(measured, limitMs),
    '… requests': ({ seen }) => String(seen.requests),
    '… error': firstError,
  },
});

const post = (words: string, name: 'post' | 'keyed post'): Case => ({
  scenario: { is: 'lost answer' },
  probe: { name, count: 1, limitMs: 20_000, settings: {} },
  together: true,
  value: ({ seen }) => seen.effects,
  tells: {
    [`${words}: requests`]: ({ seen }) => String(seen.requests),
    '… times done': ({ seen }) => String(seen.effects),
    '… error': firstError,
  },
});

const abort = (words: string, scenario: Scenario, quick: boolean): Case => ({
  scenario,
  probe: { name: 'aborts', count: quick ? 10 : ABORTS, limitMs: 5000, settings: {} },
  together: false,
  value: medianMs,
  tells: { [`${words}, p50`]: (measured) => toldMs(measured, 5000) },
});

const firstError = (measured: Measured): string =>
  errorsOf(measured)[0] ?? (hangingOf(measured) > 0 ? 'not settled' : 'none');

function unsettled(measured: Measured): string {
  const [failed, hanging] = [failuresOf(measured), hangingOf(measured)];
  return `${failed > 0 ? `, ${failed} fail` : ''}${hanging > 0 ? `, ${hanging} hang` : ''}`;
}
