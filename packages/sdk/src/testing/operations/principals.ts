import { type Agent, type AuditEntry, isKnownScope, type User } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import { scopesOf } from '../credentials.ts';
import { newId } from '../new-id.ts';
import { isAsked, pageOf } from '../page.ts';
import type { TestPrincipal } from '../state.ts';
import { badRequest, conflict, notFound, TestError } from '../test-error.ts';
import { endSessionsOf, toMe } from './auth.ts';
import { isoNow, principalOf } from './find.ts';

export type PrincipalFields = Pick<TestPrincipal, 'kind' | 'name'> &
  Partial<Pick<TestPrincipal, 'secret' | 'role' | 'scopes' | 'description' | 'created_by'>>;

/** Adds a user or agent. @throws TestError `conflict` where the name is taken. */
export function addPrincipal(world: World, fields: PrincipalFields): TestPrincipal {
  const { name } = fields;
  if (world.state.principals.some((one) => one.name.toLowerCase() === name.toLowerCase()))
    throw conflict(`The name ${name} is taken, by a user or agent that is or was here; choose another.`, { name });
  checkScopes(fields.scopes ?? []);
  const now = isoNow(world);
  const principal: TestPrincipal = {
    id: newId(world.clock.now()),
    description: null,
    secret: null,
    role: null,
    scopes: [],
    disabled: false,
    deleted: false,
    created_by: null,
    created_at: now,
    updated_at: now,
    last_login_at: null,
    ...fields,
  };
  world.state.principals.push(principal);
  return principal;
}

function checkScopes(scopes: readonly string[]): void {
  const issues = scopes.flatMap((scope, at) =>
    isKnownScope(scope)
      ? []
      : [{ field: `scopes[${at}]`, issue: `is ${JSON.stringify(scope)}; there is no such scope.` }],
  );
  if (issues.length > 0) throw badRequest(issues);
}

const shared = (one: TestPrincipal) => ({
  id: one.id,
  role: one.role,
  scopes: [...one.scopes],
  effective_scopes: scopesOf(one),
  disabled: one.disabled,
  created_by: one.created_by,
  created_at: one.created_at,
  updated_at: one.updated_at,
  last_login_at: one.last_login_at,
});
const toUser = (one: TestPrincipal): User => ({ username: one.name, ...shared(one) });
const toAgent = (one: TestPrincipal): Agent => ({
  name: one.name,
  description: one.description,
  has_secret: one.secret !== null,
  ...shared(one),
});

function find(world: World, kind: TestPrincipal['kind'], by: string): TestPrincipal {
  const one = principalOf(world, kind, by);
  if (one === undefined) throw notFound(kind, by);
  return one;
}

type Query = { name?: string; role?: string; disabled?: boolean };
const listed = ({ state }: World, kind: TestPrincipal['kind'], { name, role, disabled }: Query): TestPrincipal[] =>
  state.principals.filter(
    (one) =>
      one.kind === kind &&
      !one.deleted &&
      (name === undefined || one.name.toLowerCase().includes(name.toLowerCase())) &&
      isAsked<string | null>(role, one.role) &&
      isAsked(disabled, one.disabled),
  );

function change(
  world: World,
  one: TestPrincipal,
  fields: Partial<Pick<TestPrincipal, 'secret' | 'role' | 'scopes' | 'disabled' | 'description' | 'deleted'>>,
): TestPrincipal {
  checkScopes(fields.scopes ?? []);
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const changed = { ...one, ...given };
  const isLast = (other: TestPrincipal) => other === one || !mayEverything(other);
  if (mayEverything(one) && !mayEverything(changed) && world.state.principals.every(isLast))
    throw conflict(`${one.name} is the last user who may do everything; make another one first.`, {
      username: one.name,
    });
  Object.assign(one, given, { updated_at: isoNow(world) });
  if (fields.secret !== undefined || fields.disabled === true) endSessionsOf(world, one);
  return one;
}

const mayEverything = (one: TestPrincipal): boolean =>
  one.kind === 'user' && !one.deleted && !one.disabled && scopesOf(one).includes('*');

const remove = (world: World, one: TestPrincipal) =>
  change(world, one, { deleted: true, disabled: true, secret: null });

export const userHandlers: Handlers<'users'> = {
  'users.me': ({ caller }) => toMe(caller),
  'users.change_password': ({ world, body, caller }) => {
    const { principal } = caller;
    if (principal?.kind !== 'user')
      throw new TestError('forbidden', 'Only a user who is logged in has a password of their own.', {
        required_scopes: [],
      });
    if (principal.secret !== body.current_password)
      throw badRequest([{ field: 'current_password', issue: 'is not the present password' }]);
    change(world, principal, { secret: body.new_password });
    const details = { username: principal.name };
    return { success: true, message: 'The password is changed; log in with it.', details };
  },
  'users.create': ({ world, body, caller }) => {
    const { username, password, role = 'viewer', scopes = [] } = body;
    if (username.toLowerCase() === 'me')
      throw badRequest([{ field: 'username', issue: 'is "me", which stands for the caller; choose another' }]);
    const secret = password ?? crypto.randomUUID();
    const created_by = caller.principal?.name ?? null;
    const user = addPrincipal(world, { kind: 'user', name: username, secret, role, scopes, created_by });
    return { ...toUser(user), ...(password === undefined && { password: secret }) };
  },
  'users.list': ({ world, query }) => {
    const page = pageOf(listed(world, 'user', query), query);
    return { ...page, items: page.items.map(toUser) };
  },
  'users.get': ({ world, params }) => toUser(find(world, 'user', params.username)),
  'users.update': ({ world, params, body: { password, ...fields } }) => {
    const given = { ...fields, ...(password !== undefined && { secret: password }) };
    return toUser(change(world, find(world, 'user', params.username), given));
  },
  'users.delete': ({ world, params, caller }) => {
    const user = find(world, 'user', params.username);
    if (user === caller.principal) throw conflict('You cannot delete yourself; ask another admin.');
    remove(world, user);
    return { success: true, message: `The user ${user.name} is deleted.`, details: { username: user.name } };
  },
};

export const agentHandlers: Handlers<'agents'> = {
  'agents.create': ({ world, body, caller }) => {
    const { name, description = null, role = null, scopes = [] } = body;
    const created_by = caller.principal?.name ?? null;
    return toAgent(addPrincipal(world, { kind: 'agent', name, description, role, scopes, created_by }));
  },
  'agents.list': ({ world, query }) => {
    const page = pageOf(listed(world, 'agent', query), query);
    return { ...page, items: page.items.map(toAgent) };
  },
  'agents.get': ({ world, params }) => toAgent(find(world, 'agent', params.id)),
  'agents.update': ({ world, params, body }) => toAgent(change(world, find(world, 'agent', params.id), body)),
  'agents.delete': ({ world, params }) => {
    const { id, name } = remove(world, find(world, 'agent', params.id));
    return { success: true, message: `The agent ${name} is deleted.`, details: { agent_id: id, name } };
  },
  'agents.create_credentials': ({ world, params }) => {
    const agent = find(world, 'agent', params.id);
    const agent_secret = `orda_${crypto.randomUUID()}`;
    change(world, agent, { secret: agent_secret });
    return {
      agent_id: agent.id,
      agent_secret,
      message: `Keep the secret of ${agent.name} now: it is not shown again.`,
    };
  },
};

export const auditHandlers: Handlers<'audit'> = {
  'audit.list': ({ world, query: { principal, action, outcome, since, until, after, ...page } }) =>
    pageOf(
      world.state.audit.filter(
        (entry: AuditEntry) =>
          isAsked<string | null>(principal, entry.principal) &&
          isAsked(action, entry.action) &&
          isAsked(outcome, entry.outcome) &&
          (since === undefined || Date.parse(entry.at) >= Date.parse(since)) &&
          (until === undefined || Date.parse(entry.at) < Date.parse(until)) &&
          (after === undefined || entry.id > after),
      ),
      page,
    ),
};
