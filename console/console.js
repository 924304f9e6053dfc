// The console: pages by the part of the address behind #, and one connection for what is new.
import { element, shown, bytes, duration, percent, moment, verdict, table, pairs } from './show.js';
import { read, tree, hexdump } from './tree.js';
import { chart } from './chart.js';
import { checks, causes } from './causes.js';

const main = document.getElementById('main');
const state = document.getElementById('state');
const logout = document.getElementById('logout');
const maxRows = 2000;

let overview = null; // the newest
let turn = 0; // which page is shown: what comes late for another one is dropped
let leave = () => {}; // what the page that is shown has to end

// api asks the gate. Who is not known is asked for a token.
async function api(path, options) {
  const answer = await fetch('api/' + path, options);
  if (answer.status === 401) throw new Unknown();
  if (answer.status === 404) throw new Error('404: it is not kept any more, or never was');
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim()}`);
  return answer.json();
}

class Unknown extends Error {}

const post = (path, value) => api(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });

function say(text, bad = false) {
  if (state.textContent !== text) state.textContent = text;
  state.className = bad ? 'bad' : '';
}

function show(...content) {
  main.replaceChildren(...content);
}

// loginPage asks for a token.
function loginPage(problem) {
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
  }, element('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'console', hidden: true }), element('label', {}, 'Token of a viewer or reader', input), element('button', { type: 'submit' }, 'Log in'));
  say('');
  if (!problem && !isSecureContext) problemText.textContent = 'Over http a browser keeps no session of this page: call it over https, or by the name localhost.';
  show(element('h2', {}, 'Log in'), form, problemText);
  input.focus();
}

logout.addEventListener('click', async () => {
  await post('logout', {}).catch(() => {});
  loginPage();
});

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
      const shownNow = await make();
      if (mine !== turn) return;
      if (shownNow) show(...shownNow);
      made = true;
      if (seconds) say(`up to date at ${new Date().toLocaleTimeString()}`);
    } catch (error) {
      if (mine !== turn) return;
      if (error instanceof Unknown) return loginPage();
      say(error.message, true);
      if (!made) show(element('p', { class: 'error' }, `This can’t be shown: ${error.message}`));
    }
    if (mine === turn && seconds) timer = setTimeout(again, seconds * 1000);
  };
  leave = () => clearTimeout(timer);
  show(element('p', { class: 'soft' }, 'Loading …'));
  await again();
}

const gateLink = (name, path = '') => element('a', { href: `#/deliveries?gate=${encodeURIComponent(name)}${path}` }, shown(name));

// ---- overview

async function overviewPage(params) {
  const window = params.get('window') === '48h' ? '48h' : '1h';
  overview = await api(`overview?window=${window}`);
  logout.hidden = false;
  const busiest = [...overview.gates].sort((a, b) => b.requests - a.requests)[0];
  const gate = params.get('gate') || busiest?.name || '';
  const choose = element('div', { class: 'tools' },
    element('label', {}, 'Time', select(['1h', '48h'], window, (value) => { location.hash = `#/overview?window=${value}&gate=${encodeURIComponent(gate)}`; }, { '1h': 'last hour', '48h': 'last two days' })),
    element('label', {}, 'Charts of', select(overview.gates.map((g) => g.name), gate, (value) => { location.hash = `#/overview?window=${window}&gate=${encodeURIComponent(value)}`; })));
  if (overview.gates.length === 0) return [element('h2', {}, 'Overview'), element('p', {}, 'There is no gate yet.')];
  const series = await api(`series?gate=${encodeURIComponent(gate)}&window=${window}`);
  return [
    element('h2', {}, 'Overview'),
    element('p', { class: 'soft' }, 'Counted since ', moment(overview.started, true), ', deliveries kept since ', moment(overview.since, true), `. hookward ${overview.version}, instance ${overview.instance}.`),
    element('div', { class: 'cards' }, overview.gates.map(card)),
    element('h3', {}, 'Charts'), choose,
    charts(series),
  ];
}

function card(g) {
  return element('section', { class: 'card' },
    element('h3', {}, gateLink(g.name)),
    g.problem ? element('p', { class: 'bad' }, element('b', {}, g.refuses ? 'Refuses everything: ' : 'Keeps what was in force: '), shown(g.problem)) : null,
    pairs([
      ['requests', `${g.requests} ${g.since ? `since ${new Date(g.since * 1000).toLocaleString()}` : 'in all'}`],
      ['success', g.requests ? `${percent(g.succeeded, g.requests)} passed, and the backend took it` : '–'],
      ['refused', g.refused ? element('a', { href: `#/deliveries?gate=${encodeURIComponent(g.name)}&decision=refuse` }, String(g.refused)) : '0'],
      ['gate', latency(g.gate)],
      ['backend', latency(g.backend)],
      ['kept', g.kept && `${g.kept.waiting} wait, ${g.kept.dead} dead${g.kept.overdue > 3e11 ? `; the oldest is due for ${duration(g.kept.overdue)}` : ''}`],
      ['body', g.bytesMean == null ? '–' : `${bytes(g.bytesMean)} on average`],
    ]));
}

// latency shows what half of the requests took at most, and 95 %. Below a millisecond
// nothing is told apart.
function latency(times) {
  const show = (n) => (n < 1e6 ? 'below 1 ms' : duration(n));
  return times.count ? `${show(times.p50)} median, ${show(times.p95)} at 95 %` : '–';
}

function charts(s) {
  const times = s.times;
  return element('div', { class: 'charts' },
    chart('Requests a minute', times, [{ name: 'all', values: s.requests }, { name: 'refused', values: s.refused }], (n) => n.toFixed(1)),
    chart('Success', times, [{ name: 'of all', values: s.success }], (n) => `${n.toFixed(1)} %`),
    chart('Latency at 95 %', times, [{ name: 'backend', values: s.backend }, { name: 'gate', values: s.gate }], duration),
    chart('Payload on average', times, [{ name: 'body', values: s.bytes }], bytes));
}

function select(options, chosen, change, names = {}) {
  const made = element('select', {}, options.map((o) => element('option', { value: o, selected: o === chosen }, names[o] || o)));
  if (change) made.addEventListener('change', () => change(made.value));
  return made;
}

// ---- deliveries

const columns = [['time'], ['gate'], ['decision'], ['reason'], ['event'], ['id'], ['status', 'n'], ['gate took', 'n'], ['backend', 'n'], ['size', 'n']];

function rowOf(d) {
  const href = `#/delivery/${encodeURIComponent(d.id)}`;
  return element('tr', { 'data-href': href, click: (event) => { if (!event.target.closest('a') && !getSelection().toString()) location.hash = href; } },
    element('td', {}, moment(d.time)),
    element('td', {}, shown(d.gate)),
    element('td', {}, verdict(d)),
    element('td', {}, d.reason),
    element('td', { class: 'long' }, shown(d.event || '')),
    element('td', { class: 'long' }, element('a', { href }, shown(d.deliveryID || d.id))),
    element('td', { class: 'n' }, d.status || 'none'),
    element('td', { class: 'n' }, duration(d.inGate)),
    element('td', { class: 'n' }, d.inBackend ? duration(d.inBackend) : ''),
    element('td', { class: 'n' }, bytes(d.bytes)));
}

const decisions = ['', 'pass', 'refuse', 'duplicate', 'handshake'];

// filters makes the form above a list. It changes the address, and so the list.
function filters(params, where) {
  const input = (name, label) => element('label', {}, label, element('input', { name, value: params.get(name) || '', type: name === 'text' ? 'search' : 'text', id: `filter-${name}` }));
  return element('form', {
    submit: (event) => {
      event.preventDefault();
      const wanted = [...new FormData(event.target)].filter(([, value]) => value);
      location.hash = `#/${where}?${new URLSearchParams(wanted)}`;
    },
  }, input('text', 'Text in id, path, address'), input('gate', 'Gate'),
  element('label', {}, 'Decision', element('select', { name: 'decision' }, decisions.map((d) => element('option', { value: d, selected: d === (params.get('decision') || '') }, d || 'any')))),
  input('reason', 'Reason'), input('event', 'Event'),
  element('button', { type: 'submit' }, 'Filter'), element('a', { href: `#/${where}` }, 'all'));
}

async function deliveriesPage(params) {
  const query = new URLSearchParams(params);
  const found = await api(`deliveries?${query}`);
  const rows = element('tbody', {}, found.deliveries.map(rowOf));
  const last = found.deliveries.at(-1);
  const more = element('button', {
    type: 'button', hidden: !found.more, 'data-before': last?.number,
    click: async () => {
      query.set('before', more.dataset.before);
      try {
        const next = await api(`deliveries?${query}`);
        rows.append(...next.deliveries.map(rowOf));
        more.hidden = !next.more;
        more.dataset.before = next.deliveries.at(-1)?.number;
      } catch (error) {
        say(error.message, true);
      }
    },
  }, 'Older ones');
  logout.hidden = false;
  say('');
  return [element('h2', {}, 'Deliveries'), filters(params, 'deliveries'),
    found.deliveries.length ? table('Deliveries', columns, rows) : element('p', {}, 'No delivery fits. The newest 2,000 are kept, since Traefik was started.'),
    more];
}

// ---- one delivery

async function deliveryPage(id) {
  const d = await api(`deliveries/${encodeURIComponent(id)}`);
  const r = d.record;
  logout.hidden = false;
  say('');
  const row = { decision: r['hookward.decision'], outcome: r['event.outcome'], observed: r['hookward.observed'] };
  const payload = element('div', {});
  return [
    element('h2', {}, shown(r['hookward.event_type'] || r['hookward.delivery_id'] || id)),
    element('p', {}, verdict(row), ` · ${r['event.reason']} · ${r['http.response.status_code'] || 'no status'} · `, moment(r['@timestamp'], true)),
    element('div', { class: 'two' },
      element('section', {}, element('h3', {}, 'Request'), facts(r),
        element('h3', {}, 'Headers'), headersOf(d.headers),
        element('p', { class: 'soft' }, 'Values that may be secrets, signatures included, are masked.')),
      element('section', {}, element('h3', {}, 'Checks'), checksOf(r),
        element('h3', {}, 'Payload'), payloadButton(d, payload), payload,
        element('h3', {}, 'Record'), element('details', {}, element('summary', {}, 'as it was written'), shown(JSON.stringify(r, null, 1), 'pre')),
        element('h3', {}, 'To try it again'), commands(d))),
  ];
}

function facts(r) {
  return pairs([
    ['request', shown(`${r['http.request.method']} ${r['url.domain']}${r['url.path']}${r['url.query'] ? '?' + r['url.query'] : ''}`)],
    ['gate', gateLink(r['hookward.middleware'])],
    ['router', r['hookward.router'] && shown(r['hookward.router'])],
    ['provider', r['hookward.provider']],
    ['delivery', r['hookward.delivery_id'] && shown(r['hookward.delivery_id'])],
    ['client', r['client.address'] && shown(r['client.address'])],
    ['rule', r['rule.name'] && shown(r['rule.name'])],
    ['signed at', r['hookward.timestamp'] && moment(r['hookward.timestamp'], true)],
    ['key', r['hookward.secret'] ? `secret ${r['hookward.secret']}` : r['hookward.public_key'] && `public key ${r['hookward.public_key']}`],
    ['gate took', duration(r['hookward.gate.duration'])],
    ['backend took', r['hookward.backend.duration'] != null ? duration(r['hookward.backend.duration']) : null],
    ['body', bytes(r['http.request.body.bytes'])],
    ['type', r['hookward.body.media_type'] && shown(r['hookward.body.media_type'])],
    ['SHA-256', r['hookward.body.sha256'] && element('code', {}, r['hookward.body.sha256'])],
    ['mistake', r['error.message'] && shown(r['error.message'])],
  ]);
}

function headersOf(list) {
  const made = [];
  for (let i = 0; i < list.length; i += 2) made.push([shown(list[i]), shown(list[i + 1])]);
  return made.length ? pairs(made) : element('p', { class: 'soft' }, 'None are kept.');
}

function checksOf(r) {
  const [failed, what, cause] = causes[r['event.reason']] || [null, r['event.reason'], ''];
  const at = checks.indexOf(failed);
  const items = checks.map((name, i) => {
    if (failed === null || i < at) return element('li', { class: 'good' }, `${name}: passed, or not asked for`);
    if (i === at) return element('li', { class: 'bad' }, element('b', {}, `${name}: stopped here. `), what, ' ', cause);
    return element('li', { class: 'soft' }, `${name}: not reached`);
  });
  return element('div', {}, failed === null ? element('p', {}, what) : null, element('ol', { class: 'checks' }, items));
}

function payloadButton(d, into) {
  if (!d.hasPayload) return element('p', { class: 'soft' }, 'Only its hash is recorded. audit.payload: redacted records more.');
  if (!d.mayPayload) return element('p', { class: 'soft' }, 'You may not see it: that takes the role of a reader, and console.payload: recorded.');
  const made = element('button', {
    type: 'button',
    click: async () => {
      try {
        const r = (await api(`deliveries/${encodeURIComponent(d.record['event.id'])}?payload=1`)).record;
        made.hidden = true;
        into.replaceChildren(...payloadOf(r));
      } catch (error) {
        into.replaceChildren(element('p', { class: 'error' }, error.message));
      }
    },
  }, 'Show the payload');
  return made;
}

function payloadOf(r) {
  const base64 = r['hookward.body.base64'];
  const text = r['http.request.body.content'];
  const data = base64 != null ? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) : new TextEncoder().encode(text || '');
  const root = text != null ? read(text) : null;
  return [
    r['hookward.body.truncated'] ? element('p', { class: 'odd' }, 'Not all of it is recorded.') : null,
    root ? tree(root) : null,
    text != null ? element('details', { open: !root }, element('summary', {}, 'as recorded'), shown(text.slice(0, 262144), 'pre')) : null,
    element('details', {}, element('summary', {}, 'in hexadecimal'), element('pre', {}, hexdump(data))),
  ].filter(Boolean);
}

// quote makes a text one word of a shell.
const quote = (text) => `'${String(text).replace(/[^\x20-\x7e]/g, '?').replaceAll("'", "'\\''")}'`;

// commands are what to paste into a terminal. They hold no secret, and no payload.
function commands(d) {
  const r = d.record;
  const gate = `--config dynamic.yml --middleware ${quote(r['hookward.middleware'].split('@')[0])}`;
  const url = quote(`https://${r['url.domain']}${r['url.path']}`);
  const type = r['hookward.body.media_type'];
  const line = (name, text) => [element('dt', {}, name), element('dd', {}, element('pre', {}, text))];
  return element('dl', {},
    line('curl', `curl -i -X ${quote(r['http.request.method'])} ${type ? `-H ${quote('Content-Type: ' + type)} ` : ''}--data-binary @payload ${url}`),
    line('hookward send', `hookward send ${gate} --data @payload ${url}`),
    line('hookward verify', `hookward verify ${gate} --request captured.txt`));
}

// ---- live

function livePage(params) {
  const rows = element('tbody');
  const button = element('button', { type: 'button', 'aria-pressed': 'false', click: () => { paused = !paused; button.setAttribute('aria-pressed', paused); button.textContent = paused ? `Go on (${held.length} held)` : 'Pause'; if (!paused) add(held.splice(0)); } }, 'Pause');
  const told = element('p', { class: 'soft', 'aria-live': 'polite' }, 'Nothing yet: deliveries appear as they come.');
  let paused = false;
  let skipped = 0;
  let count = 0;
  const held = [];
  const add = (list) => {
    count += list.length;
    rows.prepend(...list.map(rowOf).reverse());
    while (rows.childElementCount > maxRows) rows.lastElementChild.remove();
    told.textContent = `${count} shown${skipped ? `, ${skipped} skipped: they came faster than they can be shown` : ''}.`;
  };
  let source = null;
  let seen = ''; // the newest that came, from which a new stream goes on
  const open = () => {
    source?.close();
    const query = new URLSearchParams(params);
    if (seen) query.set('since', seen);
    source = new EventSource(`api/stream?${query}`);
    source.onopen = () => say('live');
    source.onmessage = (event) => {
      seen = event.lastEventId;
      const row = JSON.parse(event.data);
      if (!paused) return add([row]);
      held.push(row);
      if (held.length > maxRows) { held.shift(); skipped++; }
      button.textContent = `Go on (${held.length} held)`;
    };
    source.addEventListener('start', (event) => { seen = event.lastEventId; });
    source.addEventListener('gap', (event) => { skipped += Number(event.data); add([]); });
    source.onerror = () => {
      say('connection lost, trying again …', true);
      if (source.readyState === EventSource.CLOSED) {
        const again = () => setTimeout(() => { if (source?.readyState === EventSource.CLOSED && !document.hidden) open(); }, 3000);
        api('overview').then(again).catch((error) => (error instanceof Unknown ? loginPage() : again()));
      }
    };
  };
  const hidden = () => {
    if (document.hidden) { source?.close(); say('paused while the page is hidden'); } else open();
  };
  document.addEventListener('visibilitychange', hidden);
  open();
  leave = () => { document.removeEventListener('visibilitychange', hidden); source.close(); source = null; };
  logout.hidden = false;
  show(element('h2', {}, 'Live'), filters(params, 'live'), element('div', { class: 'tools' }, button), told, table('Live deliveries', columns, rows));
}

// ---- health

async function healthPage() {
  overview = await api('overview');
  logout.hidden = false;
  const gates = overview.gates.map((g) => element('tr', {},
    element('td', { class: 'long' }, gateLink(g.name)),
    element('td', {}, shown(g.provider || '')),
    element('td', {}, element('span', { class: `word ${g.refuses ? 'bad' : g.problem ? 'odd' : 'good'}` }, g.refuses ? 'refuses everything' : g.problem ? 'an older one is in force' : 'in force')),
    element('td', { class: 'long' }, shown(g.problem || ''))));
  const others = overview.dependencies.map((d) => element('tr', {},
    element('td', {}, d.kind), element('td', { class: 'long' }, shown(d.name)),
    element('td', {}, element('span', { class: d.up ? 'word good' : 'word bad' }, d.up ? 'up' : 'down')),
    element('td', { class: 'n' }, String(d.failures)),
    element('td', {}, d.lastSuccess ? moment(d.lastSuccess, true) : '')));
  return [
    element('h2', {}, 'Health'),
    element('p', { class: 'soft' }, `hookward ${overview.version}, ${overview.form}; instance ${overview.instance}; you are `, shown(overview.visitor.name), ` (${overview.visitor.role}).`),
    element('h3', {}, 'Gates'), table('Gates', [['gate'], ['provider'], ['configuration'], ['mistake']], element('tbody', {}, gates)),
    element('h3', {}, 'What they depend on'),
    others.length ? table('Dependencies', [['kind'], ['name'], ['state'], ['failures', 'n'], ['last success']], element('tbody', {}, others)) : element('p', {}, 'Nothing: no list, no Redis, no output but stdout.'),
  ];
}

// ---- which page

function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/');
  const params = new URLSearchParams(query);
  for (const link of document.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === `#/${name || 'overview'}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = `hookward: ${name || 'overview'}`;
  if (name === 'deliveries') return page(() => deliveriesPage(params));
  if (name === 'delivery') return page(() => deliveryPage(decodeURIComponent(rest.join('/'))));
  if (name === 'health') return page(healthPage, 10);
  if (name === 'live') return page(async () => { await api('overview'); livePage(params); });
  return page(() => overviewPage(params), 10);
}

addEventListener('hashchange', () => { route(); main.focus({ preventScroll: true }); });
addEventListener('keydown', (event) => {
  if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    const field = document.getElementById('filter-text');
    if (field) { event.preventDefault(); field.focus(); }
  }
});
route();
