/** Measures every candidate once and answers the one with the highest rate, with all rates. */
export async function best<Candidate>(
  candidates: readonly Candidate[],
  rate: (candidate: Candidate) => Promise<number>,
): Promise<{ chosen: Candidate; tried: { candidate: Candidate; perSecond: number }[] }> {
  const tried: { candidate: Candidate; perSecond: number }[] = [];
  for (const candidate of candidates) tried.push({ candidate, perSecond: await rate(candidate) });
  const first = tried.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  if (first === undefined) throw new RangeError('There is no best of no candidates.');
  return { chosen: first.candidate, tried };
}
