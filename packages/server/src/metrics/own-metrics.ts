import type { Metrics as KitMetrics, Labels, MetricOptions } from '@ordinaut/kit';
import { add, counterFamily, type Family, gaugeFamily, histogramFamily, type LabelValue } from './family.ts';
import type { Histogram } from './histogram.ts';

/** The metrics one generation of an extension makes itself. */
export type OwnMetrics = KitMetrics & {
  /** Takes away what this generation has made and no other one has made too. */
  dispose(): void;
};

interface Held {
  readonly family: Family<number> | Family<Histogram>;
  readonly holders: Set<object>;
}

const word = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The metrics that extensions make, by name.
 *
 * During a reload two generations of an extension are there at once: where the new one makes a metric that the old one has, of
 * the same kind and labels, both count in the same, and it goes on when the old one is gone.
 */
export class OwnMetricsBoard {
  readonly #held = new Map<string, Held>();
  readonly #render: KitMetrics['render'];

  constructor(render: KitMetrics['render']) {
    this.#render = render;
  }

  get families(): readonly (Family<number> | Family<Histogram>)[] {
    return [...this.#held.values()].map(({ family }) => family);
  }

  /** @throws Error from its methods, for a name or labels that Prometheus does not allow. */
  own(extensionId: string): OwnMetrics {
    const holder = {};
    const prefix = `ext_${extensionId.replaceAll('-', '_')}_`;
    const hold = <Value extends number | Histogram>(name: string, options: MetricOptions, make: Make<Value>) =>
      this.#hold(holder, make({ name: checked(name, prefix), help: options.help, labels: checkLabels(name, options) }));
    return {
      counter: (name, options) => {
        const family = hold(name, options, counterFamily);
        return {
          inc(labels, by = 1) {
            if (!(by >= 0)) throw new RangeError(`The counter ${name} only goes up; it was to change by ${by}.`);
            add(family.at(...valuesOf(family, labels)), by);
          },
        };
      },
      gauge: (name, options) => {
        const family = hold(name, options, gaugeFamily);
        return {
          set(value, labels) {
            const series = family.at(...valuesOf(family, labels));
            if (series !== null) series.value = value;
          },
        };
      },
      histogram: (name, options) => {
        const buckets = options.buckets?.toSorted((a, b) => a - b);
        const family = hold(name, options, (made) => histogramFamily({ ...made, ...(buckets && { buckets }) }));
        return {
          observe(value, labels) {
            family.at(...valuesOf(family, labels))?.value.observe(value);
          },
        };
      },
      render: this.#render,
      dispose: () => this.#release(holder),
    };
  }

  #hold<Value extends number | Histogram>(holder: object, made: Family<Value>): Family<Value> {
    const held = this.#held.get(made.name);
    if (held !== undefined && held.family.type === made.type && String(held.family.labels) === String(made.labels)) {
      held.holders.add(holder);
      // The same kind has the same values.
      return held.family as Family<Value>;
    }
    // Another kind under the same name: the newest is shown, the older one counts unseen until it is gone.
    this.#held.set(made.name, { family: made as Held['family'], holders: new Set([holder]) });
    return made;
  }

  #release(holder: object): void {
    for (const [name, { holders }] of this.#held) {
      if (holders.delete(holder) && holders.size === 0) this.#held.delete(name);
    }
  }
}

type Make<Value> = (options: { name: string; help: string; labels: readonly string[] }) => Family<Value>;

function checked(name: string, prefix: string): string {
  if (word.test(name)) return prefix + name;
  throw new Error(
    `${JSON.stringify(name)} cannot be the name of a metric: use A-Z a-z 0-9 _, not beginning with a digit.`,
  );
}

function checkLabels(name: string, { labels = [] }: MetricOptions): readonly string[] {
  const bad = labels.find((label) => !word.test(label) || label.startsWith('__') || label === 'le');
  if (bad === undefined) return [...labels];
  throw new Error(`${JSON.stringify(bad)} cannot be a label of the metric ${name}: use A-Z a-z 0-9 _, and not "le".`);
}

function valuesOf(family: Family<unknown>, labels: Labels = {}): readonly LabelValue[] {
  for (const label in labels) {
    if (!family.labels.includes(label)) {
      throw new Error(
        `The metric ${family.name} has no label ${label}; it was made with: ${family.labels.join(', ') || 'none'}.`,
      );
    }
  }
  return family.labels.map((label) => labels[label] ?? '');
}
