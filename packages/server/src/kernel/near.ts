import { distance } from 'fastest-levenshtein';

/** The names most like `name`, best first, at most three; for "did you mean". */
export function nearMatches(name: string, candidates: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  const wanted = name.toLowerCase();
  return [...candidates]
    .map((candidate) => ({ candidate, far: farness(wanted, candidate.toLowerCase()) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

const farness = (wanted: string, candidate: string): number =>
  wanted.length >= 3 && candidate.includes(wanted) ? 1 : distance(wanted, candidate);

/** ` Did you mean a, b?`, or nothing where no name is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearMatches(name, candidates);
  return near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
}
