/** Whoever is between here and a server that is not on this machine reads along. */
export function warnOfPlainHttp(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return;
  process.stderr.write(
    `${url} is not encrypted: others on the way can read what you log in with. Use https where you can.\n`,
  );
}
