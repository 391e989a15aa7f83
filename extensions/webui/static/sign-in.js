import { byId, setText } from './element.js';
import { sentenceOf } from './refusal.js';
import { Session } from './session.js';
import { inWords } from './times.js';

const UNAUTHORIZED = 401;
const TOO_MANY = 429;

/**
 * The form to sign in with.
 *
 * @param onSignedIn takes the new session.
 */
export function signInForm(onSignedIn) {
  const form = byId('sign-in-form');
  const message = byId('sign-in-message');
  const ticking = byId('sign-in-wait');
  const { username, password } = form.elements;
  const button = form.querySelector('button');
  let countdown;

  const say = (text, isBad) => {
    message.classList.toggle('bad', isBad);
    setText(message, text);
  };

  const mayTry = () => {
    clearInterval(countdown);
    countdown = undefined;
    button.disabled = false;
    ticking.textContent = '';
    message.classList.remove('heard');
  };

  /** The eye sees the seconds go down, the ear hears the sentence once. */
  const wait = (seconds) => {
    const until = Date.now() + seconds * 1000;
    const sentence = () => `Too many attempts. Try again in ${inWords(Math.ceil((until - Date.now()) / 1000))}.`;
    const tick = () => {
      if (Date.now() < until) return setText(ticking, sentence());
      mayTry();
      say('You can try again now.', false);
    };
    say(sentence(), true);
    message.classList.add('heard');
    countdown = setInterval(tick, 250);
    tick();
  };

  const send = async () => {
    button.disabled = true;
    button.textContent = 'Signing in…';
    say('', false);
    password.removeAttribute('aria-invalid');
    try {
      const session = await Session.begin(username.value.trim(), password.value);
      form.reset();
      onSignedIn(session);
    } catch (error) {
      if (error.status === TOO_MANY && error.retryAfter !== null) wait(error.retryAfter);
      else say(sentenceOf(error), true);
      if (error.status === UNAUTHORIZED) {
        password.value = '';
        password.setAttribute('aria-invalid', 'true');
      }
      password.focus();
    } finally {
      button.textContent = 'Sign in';
      if (countdown === undefined) button.disabled = false;
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button.disabled) void send();
  });
  // Attempts are counted by name: another one need not wait.
  username.addEventListener('input', () => {
    if (countdown === undefined) return;
    mayTry();
    say('', false);
  });

  return {
    /** @param name who was signed in before; null: nobody. */
    show(name, text) {
      byId('sign-in').hidden = false;
      if (name !== null) username.value = name;
      say(text, false);
      (username.value === '' ? username : password).focus();
    },
    hide() {
      byId('sign-in').hidden = true;
      mayTry();
      say('', false);
      password.removeAttribute('aria-invalid');
    },
  };
}
