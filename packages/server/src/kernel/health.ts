import type { Health, HealthCheck } from '@ordinaut/contract';
import { type Clock, toIso } from './clock.ts';
import { messageOf } from './errors.ts';
import { version } from './version.ts';

/** Looks at one part; answers a sentence, or throws the reason why it is not healthy. */
export type Probe = () => Promise<string> | string;

const LIMIT_MS = 2000;

/** What the parts of this process say of themselves. */
export class HealthBoard {
  readonly #clock: Clock;
  readonly #probes = new Map<string, { probe: Probe; vital: boolean }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a part. Without a `vital` one no request can be served; any other that fails makes the whole degraded. */
  add(name: string, probe: Probe, options: { vital: boolean }): void {
    this.#probes.set(name, { probe, vital: options.vital });
  }

  async check(): Promise<Health> {
    const checks = await Promise.all([...this.#probes].map(([name, part]) => this.#look(name, part)));
    const worst =
      checks.find((check) => check.status === 'unhealthy') ?? checks.find((check) => check.status === 'degraded');
    return { status: worst?.status ?? 'healthy', timestamp: toIso(this.#clock.now()), version, checks };
  }

  async #look(name: string, { probe, vital }: { probe: Probe; vital: boolean }): Promise<HealthCheck> {
    const begun = this.#clock.monotonic();
    const enough = new AbortController();
    const late = async (): Promise<never> => {
      await this.#clock.sleep(LIMIT_MS, enough.signal);
      throw new Error(`No answer within ${LIMIT_MS / 1000} s.`);
    };
    const latency = () => Number((this.#clock.monotonic() - begun).toFixed(2));
    try {
      const message = await Promise.race([probe(), late()]);
      return { name, status: 'healthy', message, latency_ms: latency() };
    } catch (error) {
      return { name, status: vital ? 'unhealthy' : 'degraded', message: messageOf(error), latency_ms: latency() };
    } finally {
      enough.abort();
    }
  }
}
