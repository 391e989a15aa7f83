import Type, { type Static } from 'typebox';
import { Id, Instant, Nullable, PageQuery } from './common.ts';
import { roleNames, SCOPE_PATTERN } from './scopes.ts';

/** The schemas of users, agents, their credentials and the audit log. */

const closed = { additionalProperties: false } as const;

export const Scope = Type.String({
  pattern: SCOPE_PATTERN,
  maxLength: 128,
  description: 'For example `tasks:read`; `*` is all',
});
const Scopes = Type.Array(Scope, { maxItems: 100, uniqueItems: true });
const RoleName = Type.Enum(roleNames, { description: 'A named set of scopes' });

/** Names are kept for ever: the history of a name never becomes somebody else's. */
export const PRINCIPAL_NAME = '^[a-zA-Z0-9][a-zA-Z0-9_.@+-]{0,99}$';
const PrincipalName = Type.String({
  pattern: PRINCIPAL_NAME,
  description: 'Letters, digits and `_ . @ + -`; unique among users and agents, and never given again',
});

const MIN_PASSWORD = 12;
/** Length is what counts (NIST SP 800-63B, section 3.1.1.2). */
const NewPassword = Type.String({ minLength: MIN_PASSWORD, maxLength: 1024, writeOnly: true });
/** Any text can be tried. */
const GivenSecret = Type.String({ minLength: 1, maxLength: 1024, writeOnly: true });

export const LoginInput = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 100 }),
    password: GivenSecret,
    scopes: Type.Optional({ ...Scopes, description: 'Only these of what the user may do; default: all of it' }),
  },
  closed,
);
export type LoginInput = Static<typeof LoginInput>;

export const AgentLoginInput = Type.Object(
  {
    agent_id: Type.String({ minLength: 1, maxLength: 100, description: 'Id or name of the agent' }),
    agent_secret: GivenSecret,
    scopes: Type.Optional({ ...Scopes, description: 'Only these of what the agent may do; default: all of it' }),
  },
  closed,
);
export type AgentLoginInput = Static<typeof AgentLoginInput>;

export const RefreshInput = Type.Object(
  { refresh_token: Type.String({ minLength: 1, maxLength: 4096, writeOnly: true }) },
  closed,
);
export type RefreshInput = Static<typeof RefreshInput>;

export const TokenAnswer = Type.Object({
  access_token: Type.String({ description: 'Send it as `Authorization: Bearer …`' }),
  token_type: Type.Literal('bearer'),
  expires_in: Type.Integer({ description: 'Seconds until the access token ends' }),
  refresh_token: Type.String({ description: 'Gives the next pair, once; a second use ends the session' }),
  refresh_expires_in: Type.Integer({ description: 'Seconds until the refresh token ends' }),
  server_time: Instant,
  scopes: Type.Array(Type.String()),
  scope: Type.String({ description: 'The same scopes in one text, as OAuth 2.0 writes them' }),
});
export type TokenAnswer = Static<typeof TokenAnswer>;

export const SessionInput = Type.Object(
  { username: Type.String({ minLength: 1, maxLength: 100 }), password: GivenSecret },
  closed,
);
export type SessionInput = Static<typeof SessionInput>;

/** Who asks, as `GET /auth/session` and `GET /users/me` tell. */
export const Me = Type.Object({
  authenticated: Type.Boolean({ description: 'False where the server lets everybody in and no credentials were sent' }),
  kind: Nullable(Type.Enum(['user', 'agent'])),
  id: Nullable(Id),
  username: Nullable(Type.String()),
  role: Nullable(Type.String()),
  scopes: Type.Array(Type.String()),
  via: Type.Enum(['none', 'token', 'api_key', 'session'], { description: 'What the caller has shown' }),
});
export type Me = Static<typeof Me>;

export const SessionState = Type.Object({
  ...Me.properties,
  csrf_token: Nullable(
    Type.String({ description: 'Send it as `X-CSRF-Token` with every change; null without a session' }),
  ),
});
export type SessionState = Static<typeof SessionState>;

const principalFields = {
  id: Id,
  role: Nullable(Type.String()),
  scopes: Type.Array(Type.String(), { description: 'Besides those of the role' }),
  effective_scopes: Type.Array(Type.String(), { description: 'Those of the role and its own together' }),
  disabled: Type.Boolean(),
  created_by: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
  last_login_at: Nullable(Instant),
};

export const User = Type.Object({ username: Type.String(), ...principalFields });
export type User = Static<typeof User>;
export const Agent = Type.Object({
  name: Type.String(),
  description: Nullable(Type.String()),
  has_secret: Type.Boolean({ description: 'Whether it can log in; `POST /agents/{id}/credentials` makes a secret' }),
  ...principalFields,
});
export type Agent = Static<typeof Agent>;

export const UserInput = Type.Object(
  {
    username: PrincipalName,
    password: Type.Optional({ ...NewPassword, description: 'Default: a random one, in the answer and nowhere else' }),
    role: Type.Optional({ ...RoleName, default: 'viewer' }),
    scopes: Type.Optional({ ...Scopes, default: [], description: 'Besides those of the role' }),
  },
  closed,
);
export type UserInput = Static<typeof UserInput>;

export const CreatedUser = Type.Object({
  ...User.properties,
  password: Type.Optional(Type.String({ description: 'The random one, where none was given; shown this once' })),
});
export type CreatedUser = Static<typeof CreatedUser>;

export const UserPatch = Type.Object(
  {
    password: Type.Optional({ ...NewPassword, description: 'Ends all sessions of the user' }),
    role: Type.Optional(Nullable(RoleName)),
    scopes: Type.Optional(Scopes),
    disabled: Type.Optional(
      Type.Boolean({ description: 'Sessions, tokens and API keys count for nothing while it is true' }),
    ),
  },
  closed,
);
export type UserPatch = Static<typeof UserPatch>;

export const PasswordChange = Type.Object({ current_password: GivenSecret, new_password: NewPassword }, closed);
export type PasswordChange = Static<typeof PasswordChange>;

export const AgentInput = Type.Object(
  {
    name: PrincipalName,
    description: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
    role: Type.Optional(Nullable(RoleName)),
    scopes: Type.Optional({ ...Scopes, default: [], description: 'Besides those of the role' }),
  },
  closed,
);
export type AgentInput = Static<typeof AgentInput>;

export const AgentPatch = Type.Object(
  {
    description: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
    role: Type.Optional(Nullable(RoleName)),
    scopes: Type.Optional(Scopes),
    disabled: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type AgentPatch = Static<typeof AgentPatch>;

export const AgentCredentials = Type.Object({
  agent_id: Id,
  agent_secret: Type.String({ description: 'Shown this once; the one before counts for nothing any more' }),
  message: Type.String(),
});
export type AgentCredentials = Static<typeof AgentCredentials>;

export const PrincipalListQuery = Type.Object(
  {
    ...PageQuery.properties,
    name: Type.Optional(Type.String({ maxLength: 100, description: 'Part of the name' })),
    role: Type.Optional(RoleName),
    disabled: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type PrincipalListQuery = Static<typeof PrincipalListQuery>;

export const ApiKeyInput = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'What it is for' }),
    scopes: Type.Optional({ ...Scopes, description: 'At most what its owner may do; default: all of it as it is now' }),
    expires_in_days: Type.Optional(
      Nullable(Type.Integer({ minimum: 1, maximum: 3650, description: 'Default: it does not expire' })),
    ),
    owner: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Name of the user or agent whose key it is; another than the caller needs `admin`',
      }),
    ),
  },
  closed,
);
export type ApiKeyInput = Static<typeof ApiKeyInput>;

export const ApiKey = Type.Object({
  id: Id,
  name: Type.String(),
  owner: Type.String({ description: 'Name of the user or agent' }),
  prefix: Type.String({ description: 'How the key begins, to tell it from others' }),
  scopes: Type.Array(Type.String(), { description: 'What its owner may not do any more is not in force' }),
  created_at: Instant,
  expires_at: Nullable(Instant),
  last_used_at: Nullable(Instant),
  revoked_at: Nullable(Instant),
});
export type ApiKey = Static<typeof ApiKey>;

export const CreatedApiKey = Type.Object({
  ...ApiKey.properties,
  api_key: Type.String({ description: 'Send it as `X-API-Key`; shown this once' }),
});
export type CreatedApiKey = Static<typeof CreatedApiKey>;

export const ApiKeyListQuery = Type.Object(
  {
    ...PageQuery.properties,
    owner: Type.Optional(Type.String({ maxLength: 100, description: 'Name of another user or agent; needs `admin`' })),
  },
  closed,
);
export type ApiKeyListQuery = Static<typeof ApiKeyListQuery>;

export const AuditEntry = Type.Object({
  id: Id,
  at: Instant,
  action: Type.String({ description: 'Id of the operation, for example `tasks.create`' }),
  target: Nullable(Type.String({ description: 'What was acted on' })),
  fields: Nullable(
    Type.Array(Type.String(), { description: 'Which fields of it were changed, without what they became' }),
  ),
  principal: Nullable(Type.String({ description: 'Who; null where nobody was authenticated' })),
  via: Type.Enum(['none', 'token', 'api_key', 'session']),
  address: Type.String({ description: 'From where' }),
  request_id: Type.String(),
  outcome: Type.Enum(['success', 'refused', 'failed']),
  status: Type.Integer({ description: 'HTTP status of the answer' }),
  error: Nullable(Type.String({ description: 'Code of the error' })),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditQuery = Type.Object(
  {
    ...PageQuery.properties,
    principal: Type.Optional(Type.String({ maxLength: 100 })),
    action: Type.Optional(Type.String({ maxLength: 100 })),
    outcome: Type.Optional(Type.Enum(['success', 'refused', 'failed'])),
    since: Type.Optional(Instant),
    until: Type.Optional(Instant),
    after: Type.Optional({ ...Id, description: 'Only entries newer than this one' }),
  },
  closed,
);
export type AuditQuery = Static<typeof AuditQuery>;
