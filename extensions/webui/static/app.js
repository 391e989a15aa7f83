import { byId, setText } from './element.js';
import { clearLists, refreshLists } from './lists.js';
import { sentenceOf } from './refusal.js';
import { Session } from './session.js';
import { signInForm } from './sign-in.js';
import { taskForm } from './task-form.js';

/** Milliseconds between two looks at the server while the page is seen, and after which it asks who is there again. */
const REFRESH_MS = 5_000;
const LOOK_MS = 60_000;
const UNAUTHORIZED = 401;

const nobody = { id: null, username: null, focus: null };

/** Null until somebody is known, or everybody may come in. */
let session = null;
/** Whether the form to sign in is there. */
let asks = false;
let lookedAt = 0;
let lastGood = null;
let timer;
/** Who was signed in before, and where they were: for them alone the page is kept as it was. */
let former = nobody;

const signIn = signInForm((begun) => {
  enter(begun);
  void keepFresh();
});
const tasks = taskForm({
  session: () => session,
  failed(error, by) {
    if (by !== session) return;
    if (error.status === UNAUTHORIZED) expire();
    else if (error.isStaleToken) lookAnew();
  },
  created: () => void keepFresh(),
});

function tell(text, isBad) {
  byId('state').classList.toggle('bad', isBad);
  setText(byId('state'), text);
}

function tellOf(error) {
  const since = lastGood === null ? '' : ` This page is as of ${lastGood.toLocaleTimeString()}.`;
  tell(`${sentenceOf(error)}${since}`, true);
}

function enter(found) {
  const focus = former.id === found.id ? former.focus : null;
  const wasAsking = asks;
  if (former.id !== found.id) tasks.forget();
  if (session !== null && !found.continues(session)) session.abandon();
  session = found;
  asks = false;
  former = { id: found.id, username: found.username, focus: null };
  lookedAt = Date.now();
  clearLists();
  tell('Loading…', false);
  signIn.hide();
  tasks.fit(found);
  showAccount(found);
  byId('content').hidden = false;
  document.title = 'Ordinaut';
  if (wasAsking) (focus?.checkVisibility() ? focus : byId('main')).focus();
}

/** @param text why there is nobody any more. */
function leave(text) {
  if (asks) return;
  const focus = byId('content').contains(document.activeElement) ? document.activeElement : null;
  former = { ...former, focus };
  session?.abandon();
  session = null;
  asks = true;
  lastGood = null;
  clearTimeout(timer);
  clearLists();
  byId('account').hidden = true;
  byId('content').hidden = true;
  tell('', false);
  document.title = 'Sign in · Ordinaut';
  signIn.show(former.username, text);
}

const expire = () => leave(`Your session has ended.${tasks.isBegun ? ' What you typed is kept.' : ''}`);

function showAccount({ isSomebody, canEnd, username, role }) {
  byId('account').hidden = !isSomebody;
  byId('username').textContent = username ?? '';
  byId('username').title = username ?? '';
  byId('role').textContent = role ?? '';
  byId('role').hidden = role === null;
  byId('sign-out').hidden = !canEnd;
}

/** Asks who the browser is. @throws what the server answers, except that it knows nobody. */
async function look() {
  const before = session;
  try {
    const found = await Session.open();
    // Somebody has signed in or out meanwhile.
    if (session !== before) return;
    lookedAt = Date.now();
    if (before === null || !before.equals(found)) enter(found);
  } catch (error) {
    if (session !== before) return;
    if (error.status !== UNAUTHORIZED) throw error;
    if (before === null) leave('');
    else expire();
  }
}

/** @returns milliseconds until the next look; null: somebody has to sign in first. */
async function refresh() {
  try {
    if (session === null || Date.now() - lookedAt > LOOK_MS) await look();
    if (session === null) {
      tell('', false);
      return null;
    }
    const by = session;
    const failure = await refreshLists(by);
    if (by !== session) return session === null ? null : REFRESH_MS;
    if (failure !== null) throw failure;
    lastGood = new Date();
    tell('Live', false);
    return REFRESH_MS;
  } catch (error) {
    if (error.status === UNAUTHORIZED) {
      expire();
      return null;
    }
    tellOf(error);
    return Math.max(REFRESH_MS, (error.retryAfter ?? 0) * 1000);
  }
}

async function keepFresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  const wait = await refresh();
  clearTimeout(timer);
  if (wait !== null) timer = setTimeout(keepFresh, wait);
}

/** Asks who is there before all else. */
function lookAnew() {
  lookedAt = 0;
  void keepFresh();
}

byId('sign-out').addEventListener('click', async ({ currentTarget: button }) => {
  const by = session;
  button.disabled = true;
  try {
    await by.end();
  } catch (error) {
    if (by !== session) return;
    if (error.isStaleToken) return lookAnew();
    if (error.status !== UNAUTHORIZED) return tellOf(error);
  } finally {
    button.disabled = false;
  }
  if (by !== session) return;
  tasks.forget();
  former = nobody;
  leave('You are signed out.');
});

// Another window may have signed in or out.
document.addEventListener('visibilitychange', lookAnew);
tell('Loading…', false);
void keepFresh();
