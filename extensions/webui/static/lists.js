import { byId, element } from './element.js';
import { scopesNeeded, sentenceOf } from './refusal.js';
import { sections } from './sections.js';

const names = Object.keys(sections);
/** Those with something of the server in them. */
const shown = new Set();
/** Those that the caller may not see: asking again every few seconds would only fill the log. */
const refused = new Set();

/** Takes away what was shown: it was for somebody else, or nobody is known any more. */
export function clearLists() {
  shown.clear();
  refused.clear();
  for (const name of names) {
    byId(`${name}-count`).textContent = '';
    byId(name).replaceChildren(element('p', { class: 'quiet' }, 'Loading…'));
  }
}

/** Shows what the server has now. @returns the first failure, null where there was none. */
export async function refreshLists(session) {
  const asked = names.filter((name) => !refused.has(name));
  const results = await Promise.allSettled(asked.map((name) => session.request('GET', `api/${name}`)));
  if (session.isOver) return null;
  let failure = null;
  for (const [index, { status, value, reason }] of results.entries()) {
    const name = asked[index];
    if (status === 'fulfilled') fill(name, value);
    else if (reason.status === 403) refuse(name, reason);
    else {
      failure ??= reason;
      // What has been shown before stays.
      if (!shown.has(name)) note(name, 'notice', sentenceOf(reason));
    }
  }
  return failure;
}

function fill(name, answer) {
  const { list, nothing, show } = sections[name];
  const items = list(answer);
  const content = items.length === 0 ? element('p', { class: 'quiet' }, nothing) : show(items);
  const total = answer.total ?? items.length;
  byId(`${name}-count`).textContent = total > items.length ? `${items.length} of ${total}` : String(items.length);
  const panel = byId(name);
  // Left alone where it is the same, so that a selection or a reading position stays.
  if (panel.firstElementChild?.outerHTML !== content.outerHTML) panel.replaceChildren(content);
  shown.add(name);
}

function refuse(name, refusal) {
  const missing = refusal.missingScopes;
  refused.add(name);
  shown.delete(name);
  byId(`${name}-count`).textContent = '';
  note(name, 'quiet', ...(missing.length === 0 ? [refusal.message] : ['Seeing this ', ...scopesNeeded(missing)]));
}

const note = (name, look, ...text) => byId(name).replaceChildren(element('p', { class: look }, ...text));
