/**
 * What a caller may do. A scope is a name of parts joined by colons; a granted scope may have `*` for any one part, and `*` alone
 * stands for every scope.
 */
export const scopes = {
  'tasks:create': 'Create tasks',
  'tasks:read': 'See tasks',
  'tasks:update': 'Change, pause, resume and snooze tasks',
  'tasks:delete': 'Cancel tasks',
  'tasks:run': 'Start and repeat runs',
  'runs:read': 'See runs and their steps',
  'runs:cancel': 'Cancel runs',
  'approvals:read': 'See what runs ask, and the answers',
  'approvals:decide': 'Approve and reject, as far as an approval names nobody else',
  'events:publish': 'Publish events',
  'events:read': 'See events',
  'alerts:read': 'See alerts',
  'alerts:write': 'Submit and change alerts',
  'handlers:read': 'See handlers',
  'handlers:write': 'Create and change handlers',
  'handlers:run': 'Call handlers',
  'tools:call': 'Call tools, as far as each tool asks for nothing more',
  'plugins:read': 'See plugins',
  'plugins:{name}:routes': 'Use the routes of a plugin, where ORDINAUT_REQUIRE_SCOPES asks for it',
  'ext:manage': 'Configure, reload, enable, disable and reset extensions',
  'ext:{id}:routes': 'Use the routes of an extension, where ORDINAUT_REQUIRE_SCOPES asks for it',
  'ext:mcp_http:mcp': 'Use the server as an assistant does, by the Model Context Protocol',
  admin: 'Manage users, agents and API keys of everybody, and read the audit log',
} as const;

/** Named sets of scopes. */
export const roles = {
  admin: ['*'],
  operator: [
    'tasks:*',
    'runs:*',
    'approvals:*',
    'events:*',
    'alerts:*',
    'handlers:*',
    'tools:call',
    'plugins:*',
    'plugins:*:routes',
    'ext:manage',
    'ext:*:routes',
    'ext:*:mcp',
  ],
  analyst: [
    'tasks:read',
    'tasks:run',
    'runs:read',
    'approvals:*',
    'events:read',
    'alerts:*',
    'handlers:read',
    'handlers:run',
    'plugins:read',
    'plugins:*:routes',
    'ext:*:routes',
  ],
  viewer: [
    'tasks:read',
    'runs:read',
    'approvals:read',
    'events:read',
    'alerts:read',
    'handlers:read',
    'plugins:read',
    'plugins:*:routes',
    'ext:*:routes',
  ],
  api_service: [
    'tasks:*',
    'runs:*',
    // Not approvals:decide: programs are given it by name, so that none approves by accident.
    'approvals:read',
    'events:*',
    'alerts:*',
    'handlers:read',
    'handlers:run',
    'tools:call',
    'plugins:read',
    'plugins:*:routes',
    'ext:*:routes',
    'ext:*:mcp',
  ],
} as const satisfies Record<string, readonly string[]>;

export type Role = keyof typeof roles;
export const roleNames = Object.keys(roles) as Role[];

/** The form of a scope, as it may be granted. */
export const SCOPE_PATTERN = '^(\\*|[a-z][a-z0-9_.-]*(:(\\*|[A-Za-z0-9_.~-]+)){0,3})$';

/** Whether a granted scope means anything: it is in the table, covers something there, or is of an extension or plugin. */
export const isKnownScope = (scope: string): boolean =>
  scope === '*' ||
  scope.startsWith('ext:') ||
  scope.startsWith('plugins:') ||
  Object.keys(scopes).some((known) => includesScope([scope], known));

/** Whether what is granted includes a scope. */
export const includesScope = (granted: readonly string[], wanted: string): boolean =>
  granted.some((scope) => scope === '*' || scope === wanted || (scope.includes('*') && coversParts(scope, wanted)));

/** The wanted scopes that are not granted. */
export const missingScopes = (granted: readonly string[], wanted: readonly string[]): string[] =>
  wanted.filter((scope) => !includesScope(granted, scope));

/** What two sets of scopes have in common: the narrower of each pair. */
export function commonScopes(one: readonly string[], other: readonly string[]): string[] {
  const both = [
    ...one.filter((scope) => includesScope(other, scope)),
    ...other.filter((scope) => includesScope(one, scope)),
  ];
  return [...new Set(both)].sort();
}

function coversParts(granted: string, wanted: string): boolean {
  const have = granted.split(':');
  const want = wanted.split(':');
  return have.length === want.length && have.every((part, index) => part === '*' || part === want[index]);
}
