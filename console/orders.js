// Orders of operators: how far each has come, and a way to stop it.
import { element, shown, count, gateName, moment, table } from './show.js';
import { api, fail, post, route } from './console.js';

// leftList says which deliveries were left as they were, and why.
export const leftList = (list) => list.length === 0 ? '' : element('ul', {}, list.map((l) => element('li', {}, shown(l.id), ' ', shown(l.why))));

function orderRow(order, may, look) {
  const text = element('span');
  const left = element('div', { class: 'soft' });
  const stop = element('button', {
    type: 'button', 'aria-label': `Stop ${order.action} of ${order.gate}`,
    click: () => post('stop', { gate: order.gate, order: order.number }).catch(fail).then(look).catch(fail),
  }, 'Stop');
  const row = element('tr', {},
    element('td', {}, moment(order.began)),
    element('td', { class: 'text most' }, text, ' ', may && stop, element('div', { class: 'soft' }, shown(order.reason)), left),
    element('td', { class: 'text' }, gateName(order.gate)), element('td', { class: 'text wide' }, shown(order.actor)));
  const tell = (o) => {
    text.replaceChildren(`${o.action}: ${count(o.done)} of ${count(o.total)} done${o.left ? `, ${count(o.left)} left as they were` : ''}`, ...(o.stopped ? [', stopped by ', shown(o.stopped)] : []), '.');
    if (!o.ended) return;
    stop.remove();
    left.replaceChildren(leftList(o.reasons));
  };
  return { row, tell };
}

// ordersPart lists what is under way, with a way to stop it, and the newest that have ended:
// those of all gates, or those that were begun here. Rows stay while their numbers change.
export function ordersPart(may, all) {
  const body = element('tbody');
  const part = element('section', { hidden: true }, element('h3', {}, 'Orders'), table('Orders', [['began'], ['order'], ['gate'], ['by', 'wide']], body));
  const told = element('div', { role: 'status' });
  const keyOf = (o) => `${o.gate} ${o.number} ${o.began}`;
  const rows = new Map();
  const mine = new Set();
  const awaited = new Set();
  let timer = 0;
  let listed = '';
  async function look() {
    clearTimeout(timer);
    const { orders } = await api('orders');
    orders.sort((a, b) => !!a.ended - !!b.ended || new Date(b.began) - new Date(a.began));
    let ended = 0;
    const list = orders.filter((o) => (all || mine.has(keyOf(o))) && (!o.ended || ++ended <= 3));
    for (const o of list) {
      if (!rows.has(keyOf(o))) rows.set(keyOf(o), orderRow(o, may, look));
      rows.get(keyOf(o)).tell(o);
      if (o.ended && awaited.delete(keyOf(o))) told.replaceChildren(`The ${o.action} has ended. `, element('button', { type: 'button', click: () => route() }, 'Show anew'));
    }
    part.hidden = list.length === 0;
    const keys = list.map(keyOf).join('\n');
    if (keys !== listed) body.replaceChildren(...list.map((o) => rows.get(keyOf(o)).row));
    listed = keys;
    if (list.some((o) => !o.ended)) again();
  }
  const again = () => { clearTimeout(timer); timer = setTimeout(() => part.isConnected && look().catch((error) => { fail(error); again(); }), 1000); };
  return { part, told, look, follow: (order) => { mine.add(keyOf(order)); awaited.add(keyOf(order)); told.replaceChildren(); return look(); } };
}
