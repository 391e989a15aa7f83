import { join } from 'node:path';
import type { Benchmark } from '../harness/benchmark.ts';
import { writeExtension } from '../harness/extensions.ts';
import { atMost, type Figure, shown } from '../harness/figure.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { type Boot, bootServer, bundleNote, type Program } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

const MAX_SECONDS = 0.6;
const MAX_RSS_MB = 130;
const EXTENSIONS = 100;
const MAX_EXTENSIONS_MS = 50;

interface Boots {
  /** On a directory that does not exist: the schema is made. */
  readonly fresh: Boot[];
  /** On the same one again. */
  readonly existing: Boot[];
}

/**
 * Cold start of the real program until it says that it is ready: as `npm start` starts it, and from the TypeScript sources. The
 * files of the program are in the page cache of the system after the warm-up.
 */
export const boot: Benchmark = {
  name: 'boot',
  title: 'from the start of the process until GET /health/ready answers 200, and its memory then',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 5;
    const measured: Record<Program, Boots> = {
      start: { fresh: [], existing: [] },
      sources: { fresh: [], existing: [] },
    };
    const extended: Boot[] = [];
    await withDirectory(async (root) => {
      const folder = join(root, 'extensions');
      for (let number = 1; number <= EXTENSIONS; number++) writeExtension(folder, `extension-${number}`);
      for (const program of ['start', 'sources'] as const) {
        if (!quick) await bootServer(join(root, `warm-up-${program}`), program);
      }
      for (let round = 1; round <= rounds; round++) {
        for (const program of ['start', 'sources'] as const) {
          const directory = join(root, `${program}-${round}`);
          const { fresh, existing } = measured[program];
          fresh.push(await bootServer(directory, program));
          existing.push(await bootServer(directory, program));
        }
        // On the directory that the program without them has just used, so that nothing else differs.
        const settings = { ORDINAUT_EXT_PATHS: folder };
        extended.push(await bootServer(join(root, `start-${round}`), 'start', settings));
        say(`round ${round} of ${rounds}`);
      }
    });
    return {
      figures: [
        ...figuresOf('npm start', measured.start),
        ...figuresOf('sources', measured.sources),
        atMost(
          {
            what: `npm start, what ${EXTENSIONS} extensions that are not loaded add`,
            value: (median(extended.map(({ seconds }) => seconds)) - secondsOf(measured.start.existing)) * 1000,
            unit: 'ms',
          },
          MAX_EXTENSIONS_MS,
        ),
      ],
      notes: [
        `${rounds} rounds in turns${quick ? '' : ' after a warm-up'}; medians. MB are 10^6 bytes of resident memory.`,
        bundleNote([...measured.start.fresh, ...measured.start.existing]),
      ],
      setup: {
        start: 'node packages/server/bin/ordinaut.js serve',
        sources: 'node --conditions=ordinaut-source packages/server/src/main.ts serve',
        settings: 'defaults',
      },
      repetitions: { ...measured, extended },
    };
  },
};

const secondsOf = (boots: readonly Boot[]): number => median(boots.map((each) => each.seconds));

function figuresOf(program: string, { fresh, existing }: Boots): Figure[] {
  const all = [...fresh, ...existing];
  return [
    atMost({ what: `${program}, fresh directory`, value: secondsOf(fresh), unit: 's' }, MAX_SECONDS),
    atMost({ what: `${program}, existing directory`, value: secondsOf(existing), unit: 's' }, MAX_SECONDS),
    atMost({ what: `${program}, memory`, value: median(all.map((each) => each.rssMb)), unit: 'MB' }, MAX_RSS_MB),
    shown({ what: `${program}, until stopped`, value: median(all.map((each) => each.stopSeconds)), unit: 's' }),
  ];
}
