// What is stored: what waits and what is dead, and what an operator may do about it. The
// server decides who is one; the page only spares others the buttons.
import { element, shown, duration, moment, table, pairs } from './show.js';

const titles = { dead: 'Dead letters', waiting: 'Waiting' };
const will = { replay: 'would be tried again', drop: 'would be dropped for good' };

// storedPages returns the pages. The rest of the console lends its ways to ask and to show.
export function storedPages({ api, say, select, headersOf, payloadOf, route }) {
  // What is chosen and typed outlives a page that is shown anew.
  let chosen = new Set();
  let chosenAt = '';
  const typed = { reason: '', rate: '10/s', all: false };

  const ask = (action, body) => api(action, {
    method: 'POST', body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', 'X-Hookward-Action': action },
  });

  // ---- one order

  // result shows how an order goes on, until it has ended.
  async function follow(into, order) {
    const stop = element('button', {
      type: 'button',
      click: () => ask('stop', { gate: order.gate, order: order.number }).catch((error) => say(error.message, true)),
    }, 'Stop');
    const text = element('p', { role: 'status' });
    into.replaceChildren(text, stop);
    let at = order;
    while (into.isConnected) {
      text.textContent = `${at.action}: ${at.done} of ${at.total} done${at.left ? `, ${at.left} left as they were` : ''}${at.stopped ? ', stopped' : ''}.`;
      if (at.ended) break;
      await new Promise((done) => setTimeout(done, 400));
      try {
        at = (await api(`orders?gate=${encodeURIComponent(order.gate)}`)).orders.find((o) => o.number === order.number && o.began === order.began) || at;
      } catch (error) {
        say(error.message, true);
      }
    }
    stop.remove();
    into.append(leftList(at.reasons), element('button', { type: 'button', click: () => route() }, 'Go on'));
    chosen = new Set();
  }

  const leftList = (list) => list.length === 0 ? '' : element('ul', {}, list.map((l) => element('li', {}, shown(l.id), ' ', shown(l.why))));

  // confirm shows in a dialog what would be done, and does it if that is wanted.
  async function confirm(action, order, into) {
    const preview = await ask(action, { ...order, preview: true });
    const n = preview.matched;
    const problem = element('p', { class: 'bad', role: 'alert' });
    const dialog = element('dialog', { 'aria-labelledby': 'order-title', close: () => dialog.remove() });
    const go = element('button', {
      type: 'button',
      click: async () => {
        go.disabled = true; // a double click is one order
        try {
          const given = await ask(action, { ...order, most: n });
          dialog.close();
          typed.reason = '';
          if (given.order) await follow(into, given.order);
          else into.replaceChildren(leftList(given.missing));
        } catch (error) {
          problem.textContent = error.message;
          go.disabled = false;
        }
      },
    }, action === 'drop' ? `Drop ${n} for good` : `Replay ${n}`);
    dialog.append(
      element('h3', { id: 'order-title' }, `${n} ${will[action]}`),
      element('ul', {}, preview.first.map((d) => element('li', {}, shown(d.event || ''), ' ', shown(d.deliveryID || d.id), ' ', d.received ? moment(d.received, true) : ''))),
      n > 20 ? `The first 20 of ${n}.` : '',
      leftList(preview.missing),
      problem,
      element('div', { class: 'tools' }, n ? go : null, element('button', { type: 'button', click: () => dialog.close() }, 'Leave them')));
    into.before(dialog);
    dialog.showModal();
  }

  // orderForm has the reason and the pace, and the buttons. meant returns which deliveries.
  function orderForm(gate, state, meant, into, more) {
    const reason = element('input', { name: 'reason', maxlength: 500, size: 34, value: typed.reason, input: () => { typed.reason = reason.value; } });
    const problem = element('p', { class: 'bad', role: 'alert' });
    const button = (action, text) => element('button', {
      type: 'button',
      click: async () => {
        const which = meant();
        problem.textContent = !which ? 'Choose some first.' : !reason.value.trim() ? 'Give a reason.' : '';
        if (problem.textContent) return;
        try {
          await confirm(action, { gate, ...which, reason: reason.value, ...(action === 'replay' ? { rate: typed.rate } : {}) }, into);
        } catch (error) {
          problem.textContent = error.message;
        }
      },
    }, text);
    return element('form', { 'aria-label': 'Replay or drop', submit: (event) => event.preventDefault() },
      more, element('label', {}, 'Reason', reason),
      state === 'dead' && element('label', {}, 'At most', select(['1/s', '10/s', '100/s', '1000/s'], typed.rate, (value) => { typed.rate = value; })),
      state === 'dead' && button('replay', 'Replay …'), button('drop', 'Drop …'), problem);
  }

  // ---- the lists

  function columnsOf(state, box) {
    const last = state === 'dead' ? [['reason'], ['died']] : [['due'], ['note']];
    return [...(box ? [['chosen']] : []), ['received'], ['event'], ['id'], ['attempts', 'n'], ...last];
  }

  function rowOf(d, state, box) {
    const last = state === 'dead' ? [d.reason, d.died && moment(d.died, true)] : [d.due && moment(d.due), d.busy ? 'being tried' : d.problem];
    return element('tr', {},
      box ? element('td', {}, element('input', { type: 'checkbox', 'aria-label': `choose ${d.id}`, checked: chosen.has(d.id), change: (event) => { chosen[event.target.checked ? 'add' : 'delete'](d.id); box(); } })) : null,
      element('td', {}, d.received && moment(d.received, true)),
      element('td', { class: 'long' }, shown(d.event || '')),
      element('td', { class: 'long' }, element('a', { href: `#/kept/${d.id}?gate=${encodeURIComponent(d.gate)}` }, shown(d.deliveryID || d.id))),
      element('td', { class: 'n' }, String(d.attempts)),
      element('td', {}, last[0]), element('td', {}, last[1]));
  }

  function filters(state, params, gates, gate) {
    const input = (name, label) => element('label', {}, label, element('input', { name, value: params.get(name) || '', id: `filter-${name}` }));
    return element('form', {
      'aria-label': 'Filter',
      submit: (event) => {
        event.preventDefault();
        location.hash = `#/${state}?${new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value))}`;
      },
    }, element('label', {}, 'Gate', select(gates, gate, null, {}, 'gate')), input('reason', 'Died of'), input('event', 'Event'), input('text', 'Text in id, event, path'),
    element('button', { type: 'submit' }, 'Filter'));
  }

  // filterOf returns what of the address says which deliveries are meant.
  function filterOf(state, params) {
    const filter = { state };
    for (const name of ['reason', 'event', 'text']) if (params.get(name)) filter[name] = params.get(name);
    return filter;
  }

  async function listPage(state, params) {
    let gate = params.get('gate') || '';
    const query = new URLSearchParams(filterOf(state, params));
    if (!gate) gate = (await api('kept?limit=1')).gates[0] || '';
    query.set('gate', gate);
    const found = await api(`kept?${query}`);
    const title = element('h2', {}, titles[state]);
    if (!gate) return [title, element('p', {}, 'No gate keeps any.')];
    if (chosenAt !== `${state} ${query}`) { chosen = new Set(); typed.all = false; }
    chosenAt = `${state} ${query}`;
    const may = found.role === 'operator';
    const count = element('p', { class: 'soft', 'aria-live': 'polite' });
    const all = element('input', { type: 'checkbox', checked: typed.all, change: () => { typed.all = all.checked; tell(); } });
    const tell = () => { count.textContent = typed.all ? 'All of the filter.' : `${chosen.size} chosen.`; };
    const body = element('tbody');
    const add = (list) => body.append(...list.map((d) => rowOf(d, state, may && tell)));
    add(found.deliveries);
    tell();
    const more = element('button', {
      type: 'button', hidden: !found.after,
      click: async () => {
        query.set('after', found.after);
        try {
          const next = await api(`kept?${query}`);
          add(next.deliveries);
          found.after = next.after;
          more.hidden = !next.after;
        } catch (error) {
          say(error.message, true);
        }
      },
    }, 'More');
    const into = element('div', {});
    const meant = () => (typed.all ? { filter: filterOf(state, params) } : chosen.size ? { ids: [...chosen] } : null);
    const running = (await api(`orders?gate=${encodeURIComponent(gate)}`)).orders.find((o) => !o.ended);
    if (running) setTimeout(() => follow(into, running));
    return [
      title, filters(state, params, found.gates, gate),
      may && found.deliveries.length ? orderForm(gate, state, meant, into, element('label', { class: 'check' }, all, 'all of the filter')) : null,
      may && found.deliveries.length ? count : null, into,
      found.deliveries.length ? table(titles[state], columnsOf(state, may), body) : element('p', {}, 'None.'),
      more,
    ].filter(Boolean);
  }

  // ---- one of them

  async function onePage(id, params) {
    const path = `kept/${encodeURIComponent(id)}?gate=${encodeURIComponent(params.get('gate') || '')}`;
    const found = await api(path);
    const d = found.delivery;
    const payload = element('div', {});
    const into = element('div', {});
    return [
      element('h2', {}, shown(d.event || d.deliveryID || d.id)),
      found.role === 'operator' ? orderForm(d.gate, d.state, () => ({ ids: [d.id] }), into) : null, into,
      element('div', { class: 'two' },
        element('section', {}, element('h3', {}, 'Delivery'), pairs([
          ['state', element('span', { class: `word ${d.state === 'dead' ? 'bad' : 'odd'}` }, d.state + (d.reason ? `, ${d.reason}` : ''))],
          ['gate', shown(d.gate)], ['router', d.router && shown(d.router)], ['id', element('code', {}, d.id)], ['sender’s id', d.deliveryID && shown(d.deliveryID)],
          ['request', d.method && shown(`${d.method} ${d.path}`)], ['received', d.received && moment(d.received, true)],
          ['due', d.due && moment(d.due, true)], ['died', d.died && moment(d.died, true)], ['attempts', String(d.attempts)], ['problem', d.problem],
        ]), element('h3', {}, 'Attempts'),
        element('ul', {}, found.attempts.map((a) => element('li', {}, moment(a.time, true), ` attempt ${a.number}: ${a.status || 'no answer'}, ${a.outcome} after ${duration(a.duration)}`))),
        element('h3', {}, 'What operators did'), element('ul', {}, found.actions.map((a) => element('li', {}, moment(a.time, true), ` ${a.action} by `, shown(a.actor), ': ', shown(a.reason), a.error ? element('b', { class: 'bad' }, ' failed') : '')))),
        element('section', {}, element('h3', {}, 'Headers'),
          headersOf(found.headers),
          element('h3', {}, 'Payload'), payloadPart(found, path, payload), payload)),
    ].filter(Boolean);
  }

  function payloadPart(found, path, into) {
    if (!found.mayPayload || !found.hasPayload) return element('p', { class: 'soft' }, 'It takes a reader, and a payload in the records.');
    const made = element('button', {
      type: 'button',
      click: async () => {
        try {
          const whole = await api(`${path}&payload=1`);
          made.hidden = true;
          into.replaceChildren(...payloadOf({ ...whole.content, 'hookward.body.truncated': whole.truncated }));
        } catch (error) {
          into.replaceChildren(element('p', { class: 'error' }, error.message));
        }
      },
    }, 'Show the payload');
    return made;
  }

  return { listPage, onePage };
}
