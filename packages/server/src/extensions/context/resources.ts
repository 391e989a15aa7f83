import type { BaseContext, Closable } from '@ordinaut/kit';
import { type Culprit, currentBehalf, currentChain, runAs } from '../../containment/attribution.ts';
import type { Ledger } from '../ledger.ts';

type Resources = Pick<BaseContext, 'onDispose' | 'own' | 'setTimeout' | 'setInterval'>;

/** What an extension takes and the host gives back for it: timers, sockets and whatever else it wants to be undone. */
export function resourcesOf(ledger: Ledger, culprit: Culprit): Resources {
  const timer = (what: string, run: () => unknown, ms: number, repeats: boolean) => {
    const label = `${what} ${ms} ms`;
    ledger.assertOpen(`timer ${label}`);
    // An error in here belongs to nobody who could catch it: it is attributed like that of a bare timer.
    // It acts in the name of whoever's request it was set in, as a bare timer does.
    const behalf = currentBehalf();
    const chain = currentChain();
    const tick = () => runAs(culprit, run, behalf, chain);
    const handle = repeats
      ? setInterval(tick, ms)
      : setTimeout(() => {
          void undo();
          tick();
        }, ms);
    const undo = ledger.add('timer', label, () => clearTimeout(handle));
    return undo;
  };
  return {
    onDispose(undo) {
      ledger.add('dispose', 'onDispose', () => runAs(culprit, undo));
    },
    own(resource, label = resource.constructor?.name ?? 'resource') {
      ledger.assertOpen(`resource ${label}`);
      const undo = ledger.add('resource', label, () => runAs(culprit, () => close(resource)));
      if (isEmitter(resource)) {
        // An 'error' event without a listener would be thrown; with this one it is counted on the extension and nobody else.
        resource.on('error', (error: unknown) => culprit.escaped(error, 'uncaught_exception'));
        resource.once('close', () => ledger.ended(undo));
      }
      return resource;
    },
    setTimeout: (run, ms) => timer('setTimeout', run, ms, false),
    setInterval: (run, ms) => timer('setInterval', run, ms, true),
  };
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
}

const isEmitter = (resource: object): resource is Emitter =>
  'on' in resource && typeof resource.on === 'function' && 'once' in resource && typeof resource.once === 'function';

function close(resource: Closable): unknown {
  if ('destroy' in resource) return resource.destroy();
  if (Symbol.asyncDispose in resource) return resource[Symbol.asyncDispose]();
  if (Symbol.dispose in resource) return resource[Symbol.dispose]();
  if ('close' in resource) return resource.close();
  throw new TypeError('It has none of destroy, close, Symbol.dispose and Symbol.asyncDispose.');
}
