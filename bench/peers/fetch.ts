import { probePart } from '../probes/run-probe.ts';

/** The `fetch` of Node alone: what every client that is built on it has to pay. */
export const bareFetch = probePart(import.meta.url, 'bareFetch', {
  connect: (url) => ({ get: async () => (await fetch(`${url}/probe`)).json() }),
});
