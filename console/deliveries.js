// The list of deliveries, and the same as they come.
import { element, shown, bytes, count, duration, filterForm, gateName, moment, searchField, verdict, select, table, words } from './show.js';
import { api, moreButton, say, show, ending } from './console.js';
import { follow } from './follow.js';
import { causes } from './causes.js';

const maxRows = 2000;

const columns = [['time'], ['gate'], ['decision'], ['event', 'wide'], ['id'], ['status', 'n'], ['gate took', 'n wide'], ['backend', 'n wide'], ['size', 'n wide']];

// stateOf says where a kept delivery is.
export function stateOf(state, attempts) {
  if (!state) return '';
  const tone = { stored: 'odd', dead: 'bad', passed: 'odd' }[state] || 'good';
  const after = attempts > 1 ? `${state === 'stored' ? ',' : ' after'} ${attempts} attempts` : '';
  return element('span', { class: tone }, state, after);
}

function rowOf(d) {
  const href = `#/delivery/${encodeURIComponent(d.id)}`;
  return element('tr', { 'data-href': href, click: (event) => { if (!event.target.closest('a') && !getSelection().toString()) location.hash = href; } },
    element('td', {}, moment(d.time)),
    element('td', { class: 'text' }, gateName(d.gate)),
    element('td', {}, verdict(d), ' ', element('span', { class: 'soft' }, words(d.reason)), ' ', element('span', { 'data-kept': d.kept }, stateOf(d.state, d.attempts))),
    element('td', { class: 'long wide' }, shown(d.event || '')),
    element('td', { class: 'long' }, element('a', { href }, shown(d.deliveryID || d.id))),
    element('td', { class: 'n' }, d.status || 'none'),
    element('td', { class: 'n wide' }, duration(d.inGate)),
    element('td', { class: 'n wide' }, d.inBackend ? duration(d.inBackend) : ''),
    element('td', { class: 'n wide' }, bytes(d.bytes)));
}

// filters makes the form above a list.
function filters(params, where) {
  const choice = (name, label, words) => element('label', {}, label, select(['', ...words], params.get(name) || '', null, { '': 'any' }, name));
  return filterForm(where, '', [
    searchField(params, 'text', 'Id, path or address'), searchField(params, 'gate', 'Gate'),
    choice('decision', 'Decision', ['pass', 'refuse', 'duplicate', 'handshake']),
    searchField(params, 'reason', 'Reason', { list: 'reasons' }), element('datalist', { id: 'reasons' }, Object.keys(causes).map((reason) => element('option', { value: reason }))),
    searchField(params, 'event', 'Event'), choice('state', 'Delivery', ['stored', 'delivered', 'dead', 'passed']),
  ]);
}

export async function deliveriesPage(params) {
  const query = new URLSearchParams(params);
  const found = await api(`deliveries?${query}`);
  const rows = element('tbody', {}, found.deliveries.map(rowOf));
  const told = element('span', { class: 'soft', role: 'status' });
  let before = found.deliveries.at(-1)?.number;
  const tell = (left) => { told.textContent = `${count(rows.childElementCount)} shown${left ? ', and there are more' : ''}.`; };
  const more = moreButton('Older ones', found.more, async () => {
    query.set('before', before);
    const next = await api(`deliveries?${query}&limit=500`);
    rows.append(...next.deliveries.map(rowOf));
    before = next.deliveries.at(-1)?.number;
    tell(next.more);
    return next.more;
  });
  say('');
  tell(found.more);
  const { visitor } = await api('overview');
  const file = (text, payload) => element('a', { href: `api/export?${new URLSearchParams([...params, ...payload])}`, download: 'deliveries.jsonl' }, text);
  return [
    element('h2', {}, 'Deliveries'), filters(params, 'deliveries'),
    found.deliveries.length === 0
      ? element('p', {}, 'No delivery fits. The newest 2,000 are kept, since Traefik was started.')
      : [element('p', {}, told, ' All that fit, as JSON lines: ', file('records', []), visitor.role === 'viewer' ? '' : [', ', file('with payloads', [['payload', '1']])], '.'),
        table('Deliveries', columns, rows), more],
  ].flat();
}

export function livePage(params) {
  const rows = element('tbody');
  const button = element('button', { type: 'button', 'aria-pressed': 'false', click: () => { paused = !paused; button.setAttribute('aria-pressed', paused); label(); if (!paused) add(held.splice(0)); } }, 'Pause');
  const told = element('p', { class: 'soft', 'aria-live': 'polite' }, 'Nothing yet: deliveries appear as they come.');
  const shownRows = table('Live deliveries', columns, rows);
  shownRows.hidden = true;
  let paused = false;
  let skipped = 0;
  let seen = 0;
  const held = [];
  const label = () => { button.textContent = paused ? `Go on (${held.length} held)` : 'Pause'; };
  const add = (list) => {
    seen += list.length;
    rows.prepend(...list.map(rowOf).reverse());
    shownRows.hidden = false;
    while (rows.childElementCount > maxRows) rows.lastElementChild.remove();
    told.textContent = `${count(seen)} shown${skipped ? `, ${count(skipped)} skipped: they came faster than they can be shown` : ''}.`;
  };
  ending(follow(params, {
    row: (row) => {
      if (!paused) return add([row]);
      held.push(row);
      if (held.length > maxRows) { held.shift(); skipped++; }
      label();
    },
    change: (change) => {
      for (const row of held) if (row.kept === change.kept) Object.assign(row, { state: change.state, attempts: change.attempts });
      for (const cell of rows.querySelectorAll('[data-kept]')) if (cell.dataset.kept === change.kept) cell.replaceChildren(stateOf(change.state, change.attempts));
    },
    gap: (n) => { skipped += n; add([]); },
  }));
  show(element('h2', {}, 'Live'), filters(params, 'live'), element('div', { class: 'tools' }, button), told, shownRows);
}
