import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import type { LogBlock } from '../../storage/event-blocks.ts';
import type { EventGroups } from '../../storage/event-groups.ts';
import type { EventClaimRow } from '../../storage/tables.ts';
import { deliver } from '../deliver.ts';
import { isDeadLetterStream, type StreamEvent, type Subscription } from '../streams.ts';
import { dataOf, eventOf, lastOf } from './block-events.ts';
import type { LogTail } from './log-tail.ts';

/** Events taken at a time. */
const TAKE = 500;
/** Positions without interest after which the cursor of the group is moved. */
const SKIP = 1000;
/** Milliseconds after which it is stored how far a claim is handled. */
const ACK_MS = 50;
const IDLE_MS = 60_000;
/** How often claims of others that are over are looked for, at most. */
const LOOK_MS = 5000;
/** How often it is told that the group is still read. */
const SEEN_MS = 3_600_000;
const RETRY_MS = [100, 500, 1000, 2000] as const;

export interface ConsumerDeps {
  readonly groups: EventGroups;
  readonly tail: LogTail;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this consumer among those of all processes. */
  readonly owner: string;
  /** How long what a consumer has taken stays its own without a sign of life, in milliseconds. */
  readonly leaseMs: number;
  bury(event: StreamEvent, reason: string, failures: number): Promise<void>;
  /** Hears of an outage (its sentence), and of its end (null). */
  onState(failure: string | null): void;
}

interface Taken {
  readonly position: number;
  readonly event: StreamEvent;
}

/**
 * One consumer of a group.
 *
 *   read on ──nothing matches──> skip          read on ──a match──> claim a range ──> handle in order ──> ack
 *   a claim whose lease is over ──> take it over ──> handle from where it stood
 *
 * Only one range is claimed at a time; the claim before is forgotten in the transaction that takes the next.
 */
export class GroupConsumer {
  readonly #deps: ConsumerDeps;
  readonly #subscription: Subscription;
  readonly #matches: (topic: string) => boolean;
  readonly #wakeup = new Wakeup();
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;
  #unlisten: () => void = () => {};
  /** Everything up to here has been looked at. */
  #position = 0;
  /** The cursor of the group as this consumer knows it. */
  #cursor = 0;
  /** A claim that is handled to its end, but not forgotten yet. */
  #done: string | null = null;
  #lookAt = 0;
  #seenAt = 0;

  /** @throws TopicGlobError */
  constructor(subscription: Subscription, deps: ConsumerDeps) {
    this.#subscription = subscription;
    this.#deps = deps;
    this.#matches = compileTopicGlob(subscription.pattern);
  }

  /** Resolves when the group exists: what is published from then on is handled. */
  async start(): Promise<void> {
    await this.#open();
    this.#position = this.#cursor;
    this.#unlisten = this.#deps.tail.listen(() => this.#wakeup.signal());
    this.#loop = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#unlisten();
    await this.#loop;
  }

  async #open(): Promise<void> {
    const { groups, clock } = this.#deps;
    this.#cursor = await groups.open(this.#subscription.group, this.#subscription.pattern);
    this.#seenAt = clock.monotonic();
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { logger, onState } = this.#deps;
    const { group } = this.#subscription;
    for (let failures = 0; !stop.aborted; ) {
      try {
        const waitMs = await this.#turn(stop);
        if (failures > 0) {
          logger.info({ group }, 'events are handed out again');
          onState(null);
        }
        failures = 0;
        if (waitMs > 0) await this.#wakeup.wait(waitMs, stop);
      } catch (error) {
        if (failures === 0) logger.error({ err: error, group }, 'events cannot be handed out; it is tried again');
        onState(messageOf(error));
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
    await this.#forget().catch(() => {
      // The lease gives it to others, who find it handled up to the last ack.
    });
  }

  /** One step; answers how long there is nothing to do, in milliseconds. */
  async #turn(stop: AbortSignal): Promise<number> {
    const { groups, tail, clock, owner, leaseMs } = this.#deps;
    const { group } = this.#subscription;
    const now = clock.monotonic();
    if (now - this.#seenAt > SEEN_MS) await this.#open();
    if (now >= this.#lookAt) {
      const orphan = await groups.takeOver(group, owner, leaseMs);
      this.#lookAt = orphan === null ? now + Math.min(LOOK_MS, leaseMs / 4) : now;
      if (orphan !== null) {
        await this.#work(orphan, await this.#reread(orphan), stop);
        return 0;
      }
    }
    const blocks = await tail.read(this.#position);
    if (blocks.length === 0) {
      await this.#forget();
      return Math.min(IDLE_MS, Math.max(1, this.#lookAt - clock.monotonic()));
    }
    const taken = this.#matching(blocks, this.#position);
    const full = taken.length >= TAKE;
    const to = full ? taken.at(-1)!.position : lastOf(blocks.at(-1)!);
    this.#position = to;
    if (taken.length === 0) {
      if (to - this.#cursor >= SKIP) {
        await groups.skip(group, to);
        this.#cursor = to;
      }
      return 0;
    }
    const done = this.#done;
    const claim = await groups.claim(group, to, owner, leaseMs, done).catch((error) => {
      // It is not known what has become of it: look at the same events again.
      this.#position = Math.min(this.#position, taken[0]!.position - 1);
      throw error;
    });
    this.#done = null;
    this.#cursor = to;
    if (claim === null) return 0;
    await this.#work(
      claim,
      taken.filter((each) => each.position >= claim.first),
      stop,
    );
    return 0;
  }

  /** The events after a position that are of interest, in order, at most `TAKE`. */
  #matching(blocks: readonly LogBlock[], after: number): Taken[] {
    const taken: Taken[] = [];
    for (const block of blocks) {
      if (!this.#matches(block.topic) || isDeadLetterStream(block.stream)) continue;
      for (const [index, data] of dataOf(block).entries()) {
        const position = block.position + index;
        if (position > after && taken.length < TAKE) taken.push({ position, event: eventOf(block, index, data) });
      }
      if (taken.length >= TAKE) break;
    }
    return taken;
  }

  /** What is left of a claim that was somebody else's. */
  async #reread({ next, last }: EventClaimRow): Promise<Taken[]> {
    const left: Taken[] = [];
    for (let after = next - 1; after < last; ) {
      const blocks = await this.#deps.tail.read(after);
      if (blocks.length === 0) break;
      left.push(...this.#matching(blocks, after).filter(({ position }) => position <= last));
      after = left.length % TAKE === 0 && left.length > 0 ? left.at(-1)!.position : lastOf(blocks.at(-1)!);
    }
    return left;
  }

  async #work(claim: EventClaimRow, taken: readonly Taken[], stop: AbortSignal): Promise<void> {
    const { groups, clock, logger, owner, leaseMs } = this.#deps;
    const lost = new AbortController();
    const signal = AbortSignal.any([stop, lost.signal]);
    const progress = { next: claim.next, failures: claim.failures };
    const store = async (): Promise<boolean> => {
      if (await groups.advance(claim.id, owner, leaseMs, progress)) return true;
      lost.abort();
      return false;
    };
    const renewal = setInterval(() => {
      store().catch((error) =>
        logger.warn({ reason: messageOf(error) }, 'a claim of events could not be renewed just now'),
      );
    }, leaseMs / 3);
    // What was somebody else's may be what has killed it: then each event is acknowledged before the next one.
    const ackMs = claim.failures > 0 ? 0 : ACK_MS;
    let ackedAt = clock.monotonic();
    try {
      for (const { position, event } of taken) {
        if (signal.aborted) break;
        progress.next = position;
        const verdict = await deliver(event, this.#subscription, {
          failures: progress.failures,
          signal,
          clock,
          logger,
          onFailure: (failures) => {
            progress.failures = failures;
            return this.#untilStored(store, signal);
          },
        });
        if (verdict.kind === 'stopped') break;
        if (verdict.kind === 'dead')
          await this.#untilStored(
            () => this.#deps.bury(event, verdict.reason, verdict.failures).then(() => true),
            signal,
          );
        progress.next = position + 1;
        progress.failures = 0;
        if (clock.monotonic() - ackedAt >= ackMs || verdict.kind === 'dead') {
          if (!(await this.#untilStored(store, signal))) break;
          ackedAt = clock.monotonic();
        }
      }
    } finally {
      clearInterval(renewal);
    }
    if (lost.signal.aborted) {
      logger.warn(
        { group: claim.group_name },
        'events were taken over by another process: this one stood still too long',
      );
      return;
    }
    const last = taken.at(-1);
    if (last === undefined || progress.next > last.position) {
      this.#done = claim.id;
      return;
    }
    await groups.release(claim.id, owner, progress).catch(() => {
      // The lease runs out by itself.
    });
  }

  /** Tries again while the store is away; false: it is not ours to store, or nobody wants it any more. */
  async #untilStored(store: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const { clock, onState } = this.#deps;
    for (let failures = 0; ; failures++) {
      try {
        const stored = await store();
        if (failures > 0) onState(null);
        return stored;
      } catch (error) {
        onState(messageOf(error));
        await clock.sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!, signal).catch(() => {});
        if (signal.aborted) return false;
      }
    }
  }

  async #forget(): Promise<void> {
    if (this.#done === null) return;
    await this.#deps.groups.finish(this.#done, this.#deps.owner);
    this.#done = null;
  }
}
