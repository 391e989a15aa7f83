import type { AlertInput } from '@ordinaut/sdk';

/**
 * What a line of the log of sshd is as an alert; null for most lines. What differs from line to line, as the user, is not in the title: lines
 * with the same title and address are the same alert, and are counted.
 */
export function detect(line: string): AlertInput | null {
  const failed = /Failed password for (?:invalid user )?(\S+) from (\S+) port/.exec(line);
  if (failed !== null)
    return alertOf(line, failed, { title: 'SSH login failed', severity: 'medium', technique: 'T1110' });
  const root = /Accepted password for (root) from (\S+) port/.exec(line);
  if (root !== null)
    return alertOf(line, root, { title: 'SSH login as root by password', severity: 'critical', technique: 'T1078' });
  return null;
}

function alertOf(
  line: string,
  [, user = '', address = '']: RegExpExecArray,
  { technique, ...kind }: Pick<AlertInput, 'title' | 'severity'> & { technique: string },
): AlertInput {
  return {
    ...kind,
    source: 'sshd',
    iocs: [{ type: 'ip', value: address }],
    mitre_techniques: [technique],
    raw_log: line,
    metadata: { user },
  };
}
