// The console: pages by the part of the address behind #, and one connection for what is new.
import { clock, element, shown, moment, table } from './show.js';
import { gateLink, overviewPage } from './overview.js';
import { deliveriesPage, livePage } from './deliveries.js';
import { deliveryPage } from './delivery.js';
import { storedPage, storedListPage } from './actions.js';

const main = document.getElementById('main');
const state = document.getElementById('state');
const logout = document.getElementById('logout');

let turn = 0; // which page is shown: what comes late for another one is dropped
let leave = () => {}; // what the page that is shown has to end

// api asks the gate. Without a session it throws Unknown.
export async function api(path, options) {
  const answer = await fetch('api/' + path, options);
  if (answer.status === 401) throw new Unknown();
  if (answer.status === 404) throw new Error('404: it is not kept any more, or never was');
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim()}`);
  return answer.json();
}

export class Unknown extends Error {}

// post has something done. The header is what no page of somebody else's can send.
export const post = (path, value) => api(path, {
  method: 'POST', body: JSON.stringify(value),
  headers: { 'Content-Type': 'application/json', 'X-Hookward-Action': path },
});

export function say(text, bad = false) {
  if (state.textContent !== text) state.textContent = text;
  state.className = bad ? 'bad' : '';
}

export const fail = (error) => say(error.message, true);

export function show(...content) {
  main.replaceChildren(...content);
}

// ending says what is to be ended when another page is shown.
export function ending(end) {
  leave = end;
}

// loginPage asks for a token.
export function loginPage(problem) {
  leave();
  leave = () => {};
  logout.hidden = true;
  const input = element('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true, size: 40 });
  const problemText = element('p', { class: 'bad', role: 'alert' }, problem || '');
  const form = element('form', {
    method: 'post',
    submit: async (event) => {
      event.preventDefault();
      try {
        await post('login', { token: input.value });
        route();
      } catch (error) {
        problemText.textContent = error instanceof Unknown ? 'That is no token of this console.' : error.message.startsWith('429') ? 'Too many attempts: wait a minute.' : error.message;
      }
    },
  }, element('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'console', hidden: true }), element('label', {}, 'Token of this console', input), element('button', { type: 'submit' }, 'Log in'));
  say('');
  if (!problem && !isSecureContext) problemText.textContent = 'Over http a browser keeps no session of this page: call it over https, or by the name localhost.';
  show(element('h2', {}, 'Log in'), form, problemText);
  input.focus();
}

logout.addEventListener('click', async () => {
  await post('logout', {}).catch(() => {});
  loginPage();
});

// moreButton asks for more of a list. load returns whether there is still more behind that.
export function moreButton(text, there, load) {
  const made = element('button', {
    type: 'button', hidden: !there,
    click: () => load().then((left) => { made.hidden = !left; }, fail),
  }, text);
  return made;
}

// page shows one and, where it has an interval, shows it anew as time goes by.
async function page(make, seconds) {
  leave();
  leave = () => {};
  const mine = ++turn;
  let timer = 0;
  let made = false;
  const again = async () => {
    const busy = main.contains(document.activeElement) && document.activeElement !== main;
    if (busy && made) { // who is at a control keeps it
      timer = setTimeout(again, 1000);
      return;
    }
    try {
      const shownNow = await make(() => mine === turn);
      if (mine !== turn) return;
      logout.hidden = false;
      if (shownNow) show(...shownNow);
      made = true;
      if (seconds) say(`up to date at ${clock(new Date())}`);
    } catch (error) {
      if (mine !== turn) return;
      if (error instanceof Unknown) return loginPage();
      fail(error);
      if (!made) show(element('p', { class: 'error' }, `This can’t be shown: ${error.message}`));
    }
    if (mine === turn && seconds) timer = setTimeout(again, seconds * 1000);
  };
  leave = () => clearTimeout(timer);
  show(element('p', { class: 'soft' }, 'Loading …'));
  await again();
}

// ---- health

async function healthPage() {
  const overview = await api('overview');
  const gates = overview.gates.map((g) => element('tr', {},
    element('td', { class: 'text' }, gateLink(g.name)),
    element('td', { class: 'wide' }, shown(g.problem ? '' : g.provider)),
    element('td', { class: 'text most' }, element('span', { class: `word ${g.refuses ? 'bad' : g.problem ? 'odd' : 'good'}` }, g.refuses ? 'refuses everything' : g.problem ? 'an older one is in force' : 'in force'), g.problem ? [': ', shown(g.problem)] : '')));
  const others = overview.dependencies.map((d) => element('tr', {},
    element('td', {}, d.kind), element('td', { class: 'long' }, shown(d.name)),
    element('td', {}, element('span', { class: d.up ? 'word good' : 'word bad' }, d.up ? 'up' : 'down')),
    element('td', { class: 'n' }, String(d.failures)),
    element('td', {}, d.lastSuccess ? moment(d.lastSuccess, true) : '–')));
  return [
    element('h2', {}, 'Health'),
    element('p', { class: 'soft' }, `hookward ${overview.version}, ${overview.form}; instance ${overview.instance}; you are `, shown(overview.visitor.name), ` (${overview.visitor.role}).`),
    element('h3', {}, 'Gates'), table('Gates', [['gate'], ['provider', 'wide'], ['configuration']], element('tbody', {}, gates)),
    element('h3', {}, 'What they depend on'),
    others.length ? table('Dependencies', [['kind'], ['name'], ['state'], ['failures', 'n'], ['last success']], element('tbody', {}, others)) : element('p', {}, 'Nothing: no list, no Redis, no output but stdout.'),
  ];
}

// ---- which page

export function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/');
  const params = new URLSearchParams(query);
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === `#/${name === 'delivery' ? 'deliveries' : name || 'overview'}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `hookward: ${name || 'overview'}`;
  if (name === 'deliveries') return page(() => deliveriesPage(params));
  if (name === 'delivery') return page((current) => deliveryPage(decodeURIComponent(rest.join('/')), current));
  if (['dead', 'waiting', 'delivered'].includes(name)) return page(() => storedListPage(name, params), 10);
  if (name === 'kept') return page(() => storedPage(decodeURIComponent(rest.join('/')), params));
  if (name === 'health') return page(healthPage, 10);
  if (name === 'live') return page(async (current) => { await api('overview'); if (current()) livePage(params); });
  return page(() => overviewPage(params), 10);
}

addEventListener('hashchange', () => { route(); main.focus({ preventScroll: true }); });
addEventListener('keydown', (event) => {
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') {
    const field = document.getElementById('filter-text');
    if (field) { event.preventDefault(); field.focus(); }
  }
  if (event.key === 'j' || event.key === 'k') { // the row below, or above
    const links = [...main.querySelectorAll('tr[data-href] a')];
    const at = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, event.key === 'j' ? at + 1 : at - 1))]?.focus();
  }
});
route();
