// What is stored: waiting, dead or delivered, and what an operator may do about it. The
// server decides who is one; the page only spares others the buttons.
import { element, shown, count, duration, filterForm, moment, pairs, searchField, select, table, words } from './show.js';
import { api, fail, moreButton, post, say } from './console.js';
import { headersOf, notYours, showButton } from './delivery.js';
import { leftList, ordersPart } from './orders.js';

const titles = { dead: 'Dead letters', waiting: 'Waiting', delivered: 'Delivered' };
const none = { dead: 'None is dead', waiting: 'None waits', delivered: 'None that was delivered is kept (delivery.store.keepDelivered)' };
// deaths are what a delivery can die of. A test holds them against the gate's.
const deaths = ['attempts_exhausted', 'too_old', 'rejected', 'undecodable'];
const will = { replay: 'would be tried again', force: 'would be sent once more, and the backend has had them', drop: 'would be dropped for good' };

// What is chosen and typed outlives a page that is shown anew.
let chosen = new Set();
let chosenAt = '';
const typed = { reason: '', rate: '10/s', all: false };

// arrive forgets what was chosen and typed for another page.
function arrive(where) {
  if (chosenAt === where) return;
  chosenAt = where;
  chosen = new Set();
  Object.assign(typed, { reason: '', all: false });
}

// ---- one order

// confirm shows in a dialog what would be done, and does it if that is wanted.
async function confirm(action, order, into, begun) {
  const preview = await post(action, { ...order, preview: true });
  const n = preview.matched;
  const problem = element('p', { class: 'bad', role: 'alert' });
  const dialog = element('dialog', { 'aria-labelledby': 'order-title', close: () => dialog.remove() });
  const go = element('button', {
    type: 'button', class: action === 'drop' && 'danger',
    click: async () => {
      go.disabled = true; // a double click is one order
      try {
        const given = await post(action, { ...order, most: n });
        dialog.close();
        typed.reason = '';
        into.replaceChildren(leftList(given.missing));
        if (given.order) await begun(given.order);
      } catch (error) {
        if (!dialog.open) return fail(error); // it is given, and can't be followed
        problem.textContent = error.message;
        go.disabled = false;
      }
    },
  }, action === 'drop' ? `Drop ${count(n)} for good` : `Replay ${count(n)}`);
  dialog.append(
    element('h3', { id: 'order-title' }, `${count(n)} ${will[order.force ? 'force' : action]}`),
    element('p', { class: 'soft' }, shown(order.gate), order.rate ? `, at most ${order.rate}` : '', ': ', shown(order.reason)),
    element('ul', {}, preview.first.map((d) => element('li', {}, d.event ? [shown(d.event), ' · '] : '', shown(d.deliveryID || d.id), d.received ? [' · ', moment(d.received)] : ''))),
    n > 20 ? element('p', {}, `The first 20 of ${count(n)}.`) : '',
    leftList(preview.missing),
    problem,
    element('div', { class: 'tools' }, n ? go : null, element('button', { type: 'button', autofocus: action === 'drop', click: () => dialog.close() }, 'Leave them')));
  into.before(dialog);
  dialog.showModal();
}

// orderForm has the reason and the pace, and the buttons. meant returns which deliveries;
// begun is called with the order.
function orderForm(gate, state, meant, into, begun) {
  const reason = element('input', { name: 'reason', maxlength: 500, size: 44, value: typed.reason, input: () => { typed.reason = reason.value; } });
  const problem = element('p', { class: 'bad', role: 'alert' });
  const button = (action, text) => element('button', {
    type: 'button', class: action === 'drop' && 'danger',
    click: async () => {
      const which = meant();
      problem.textContent = !which ? 'Choose some first.' : !reason.value.trim() ? 'Give a reason.' : '';
      if (problem.textContent) {
        if (which) reason.focus();
        return;
      }
      try {
        await confirm(action, { gate, ...which, reason: reason.value, ...(action === 'replay' ? { rate: typed.rate, force: state === 'delivered' } : {}) }, into, (order) => {
          reason.value = '';
          return begun(order);
        });
      } catch (error) {
        problem.textContent = error.message;
      }
    },
  }, text);
  return element('form', { 'aria-label': 'Replay or drop', submit: (event) => event.preventDefault() },
    element('label', { class: 'why' }, 'Why you do it, for the records', reason),
    state !== 'waiting' && element('label', {}, 'At most', select(['1/s', '10/s', '100/s', '1000/s'], typed.rate, (value) => { typed.rate = value; })),
    state !== 'waiting' && button('replay', 'Replay …'), button('drop', 'Drop …'), problem);
}

// ---- the lists

function columnsOf(state, box) {
  const last = state === 'dead' ? [['died of'], ['died', 'wide']] : state === 'delivered' ? [['arrived'], ['note', 'wide']] : [['due'], ['note', 'wide']];
  return [...(box ? [['chosen']] : []), ['received'], ['event'], ['id'], ['attempts', 'n wide'], ...last];
}

function rowOf(d, state, box) {
  const last = state === 'dead' ? [words(d.reason || ''), d.died && moment(d.died)] : [(d.due || d.arrived) && moment(d.due || d.arrived), d.busy ? 'being tried' : d.problem];
  return element('tr', {},
    box ? element('td', {}, element('label', { class: 'check' }, element('input', { type: 'checkbox', value: d.id, 'aria-label': `choose ${d.deliveryID || d.id}`, checked: chosen.has(d.id), change: (event) => { chosen[event.target.checked ? 'add' : 'delete'](d.id); box(); } }))) : null,
    element('td', {}, d.received && moment(d.received)),
    element('td', { class: 'long' }, shown(d.event || '')),
    element('td', { class: 'long' }, element('a', { href: `#/kept/${d.id}?gate=${encodeURIComponent(d.gate)}` }, shown(d.deliveryID || d.id))),
    element('td', { class: 'n wide' }, String(d.attempts)),
    element('td', { class: 'text' }, ...[last[0]].flat()), element('td', { class: 'wide' }, last[1]));
}

function filters(state, params, gates, gate) {
  const reason = params.get('reason') || '';
  return filterForm(state, `?gate=${encodeURIComponent(gate)}`, [
    element('label', {}, 'Gate', select(gates, gate, null, {}, 'gate')),
    state === 'dead' && element('label', {}, 'Died of', select([...new Set(['', ...deaths, reason])], reason, null, { '': 'any' }, 'reason')),
    searchField(params, 'event', 'Event'), searchField(params, 'text', 'Text in id, event, path'),
  ]);
}

// filterOf returns what of the address says which deliveries are meant.
function filterOf(state, params) {
  const filter = { state };
  for (const name of ['reason', 'event', 'text']) if (params.get(name)) filter[name] = params.get(name);
  return filter;
}

export async function storedListPage(state, params) {
  let gate = params.get('gate') || '';
  const filter = filterOf(state, params);
  const query = new URLSearchParams(filter);
  if (!gate) gate = (await api('kept?limit=1')).gates[0] || '';
  query.set('gate', gate);
  const found = await api(`kept?${query}`);
  const title = element('h2', {}, titles[state]);
  if (!gate) return [title, element('p', {}, 'No gate keeps any.')];
  arrive(`${state} ${query}`);
  const may = found.role === 'operator';
  const told = element('span', { class: 'soft', 'aria-live': 'polite' });
  const all = element('input', { type: 'checkbox', checked: typed.all, change: () => { typed.all = all.checked; tell(); } });
  const body = element('tbody');
  // tell shows what is chosen: all of them, or one by one.
  const tell = () => {
    told.textContent = typed.all ? 'All of the filter: the preview counts them.' : `${count(chosen.size)} chosen.`;
    for (const box of body.querySelectorAll('input')) {
      box.disabled = typed.all;
      box.checked = typed.all || chosen.has(box.value);
    }
  };
  const add = (list) => { body.append(...list.map((d) => rowOf(d, state, may && tell))); tell(); };
  add(found.deliveries);
  const more = moreButton('More', found.after, async () => {
    query.set('after', found.after);
    const next = await api(`kept?${query}`);
    add(next.deliveries);
    found.after = next.after;
    return next.after;
  });
  const into = element('div', {});
  const orders = ordersPart(may, true);
  const meant = () => (typed.all ? { filter } : chosen.size ? { ids: [...chosen] } : null);
  const begun = (order) => {
    chosen = new Set();
    typed.all = all.checked = false;
    tell();
    return orders.follow(order);
  };
  await orders.look();
  const some = found.deliveries.length > 0;
  return [
    title, filters(state, params, found.gates, gate),
    may && some ? orderForm(gate, state, meant, into, begun) : null, into, orders.told, orders.part,
    may && some ? element('div', { class: 'tools choice' }, element('label', { class: 'check' }, all, 'all of the filter'), told) : null,
    some ? table(titles[state], columnsOf(state, may), body) : element('p', {}, Object.keys(filter).length > 1 ? 'None fits the filter.' : `${none[state]} at this gate.`),
    more,
  ].filter(Boolean);
}

// ---- one of them

export async function storedPage(id, params) {
  const path = `kept/${encodeURIComponent(id)}?gate=${encodeURIComponent(params.get('gate') || '')}`;
  const found = await api(path);
  const d = found.delivery;
  arrive(path);
  const payload = element('div', {});
  const into = element('div', {});
  const orders = ordersPart(true, false);
  const none = (text) => element('p', { class: 'soft' }, text);
  say('');
  document.querySelector(`nav a[href="#/${d.state}"]`)?.setAttribute('aria-current', 'true');
  return [
    element('h2', {}, shown(d.event || d.deliveryID || d.id)),
    found.role === 'operator' ? orderForm(d.gate, d.state, () => ({ ids: [d.id] }), into, orders.follow) : null, into, orders.told, orders.part,
    element('div', { class: 'two' },
      element('section', {}, element('h3', {}, 'Delivery'), pairs([
        ['state', element('span', { class: `word ${{ dead: 'bad', waiting: 'odd' }[d.state] || 'good'}` }, d.state + (d.reason ? `, ${d.reason}` : ''))],
        ['gate', shown(d.gate)], ['router', d.router && shown(d.router)], ['id', element('code', {}, d.id)], ['sender’s id', d.deliveryID && shown(d.deliveryID)],
        ['request', d.method && shown(`${d.method} ${d.path}`)], ['received', d.received && moment(d.received, true)],
        ['due', d.due && moment(d.due, true)], ['died', d.died && moment(d.died, true)], ['arrived', d.arrived && moment(d.arrived, true)], ['attempts', String(d.attempts)], ['problem', d.problem],
      ]), element('h3', {}, 'Attempts'),
      found.attempts.length ? element('ol', { class: 'steps attempts' }, found.attempts.map((a) => element('li', { class: a.outcome === 'delivered' ? 'good' : a.outcome === 'failed' ? 'odd' : 'bad' }, moment(a.time), ` attempt ${a.number}: ${a.status ? `the backend answered ${a.status}` : 'no answer'} after ${duration(a.duration)}: ${a.outcome}.`))) : none('None is remembered. The first one may be with the request, under Deliveries.'),
      element('h3', {}, 'What operators did'),
      found.actions.length ? element('ul', {}, found.actions.map((a) => element('li', {}, moment(a.time), ` ${a.action} by `, shown(a.actor), ': ', shown(a.reason), a.error ? element('b', { class: 'bad' }, ' failed') : ''))) : none('Nothing.')),
      element('section', {}, element('h3', {}, 'Headers'),
        headersOf(found.headers),
        element('h3', {}, 'Payload'), payloadPart(found, path, payload), payload)),
  ].filter(Boolean);
}

function payloadPart(found, path, into) {
  if (!found.mayPayload || !found.hasPayload) return element('p', { class: 'soft' }, found.mayPayload ? 'There is none that may be shown.' : notYours);
  return showButton(into, async () => {
    const whole = await api(`${path}&payload=1`);
    return { ...whole.content, 'hookward.body.truncated': whole.truncated };
  });
}
