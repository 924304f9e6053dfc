// One delivery in full, and what becomes of it while somebody looks.
import { element, shown, bytes, duration, moment, verdict, pairs } from './show.js';
import { api, ending, fail, say } from './console.js';
import { read, tree, hexdump } from './tree.js';
import { checks, causes } from './causes.js';
import { commands } from './commands.js';
import { gateLink } from './overview.js';
import { stateOf } from './deliveries.js';
import { follow } from './follow.js';

// over are the states that nothing comes after.
const over = ['', 'delivered', 'passed', 'superseded', 'expired', 'dropped'];

export async function deliveryPage(id, current) {
  const d = await api(`deliveries/${encodeURIComponent(id)}`);
  if (!current()) return null;
  say('');
  const attempts = element('section', { 'aria-live': 'polite' }, attemptsOf(d));
  const kept = d.record['hookward.delivery.id'] || d.changes[0]?.['hookward.delivery.id'];
  if (!over.includes(d.state)) {
    const again = async () => {
      const now = await api(`deliveries/${encodeURIComponent(id)}`).catch(fail);
      if (now && current()) attempts.replaceChildren(...attemptsOf(now));
    };
    ending(follow({ kept }, { start: again, change: again }));
  }
  const r = d.record;
  if (!r['event.id']) {
    const last = d.changes.at(-1);
    return [element('h2', {}, shown(last['hookward.event_type'] || last['hookward.delivery_id'] || id)),
      element('p', { class: 'soft' }, 'Its request is not kept any more, or came before Traefik was started.'), facts(last), attempts];
  }
  const row = { decision: r['hookward.decision'], outcome: r['event.outcome'], observed: r['hookward.observed'] };
  const payload = element('div', {});
  return [
    element('h2', {}, shown(r['hookward.event_type'] || r['hookward.delivery_id'] || id)),
    element('p', {}, verdict(row), ` · ${r['event.reason']} · ${r['http.response.status_code'] || 'no status'} · `, moment(r['@timestamp'], true)),
    element('div', { class: 'two' },
      element('section', {}, kept ? attempts : null,
        element('h3', {}, 'Checks'), checksOf(r),
        element('h3', {}, 'Payload'), payloadButton(d, payload), payload,
        element('h3', {}, 'Record'), element('details', {}, element('summary', {}, 'as it was written'), shown([r, ...d.changes].map((one) => JSON.stringify(one, null, 1)).join('\n'), 'pre'))),
      element('section', {}, element('h3', {}, 'Request'), facts(r),
        element('h3', {}, 'Headers'), headersOf(d.headers),
        element('p', { class: 'soft' }, 'Values that may be secrets, signatures included, are masked.'))),
    element('h3', {}, 'To try it again'), ...commands(d),
  ];
}

// attemptsOf is the delivery over time: its request, each attempt in the background, its end.
function attemptsOf(d) {
  const attempts = d.changes.at(-1)?.['hookward.delivery.attempt'] || 0;
  const from = d.record['@timestamp'] || d.changes[0]?.['hookward.delivery.received'];
  const items = d.changes.map((r) => changeItem(r, from));
  if (d.record['event.id'] && d.state) items.unshift(requestItem(d));
  const last = d.changes.at(-1) || d.record;
  const stored = !over.includes(d.state) && element('p', {}, element('a', { href: `#/kept/${last['hookward.delivery.id']}?gate=${encodeURIComponent(last['hookward.middleware'])}` }, 'Open what is stored'));
  return [element('h3', {}, 'Delivery: ', stateOf(d.state, attempts)), element('ol', { class: 'steps attempts' }, items), stored].filter(Boolean);
}

function item(tone, at, from, ...content) {
  const later = from && at !== from ? element('span', { class: 'soft' }, ` +${duration((new Date(at) - new Date(from)) * 1e6)}`) : null;
  return element('li', { class: tone }, moment(at), later, ' ', ...content);
}

function requestItem(d) {
  const r = d.record;
  const took = ` after ${duration(r['hookward.backend.duration'])}`;
  const first = d.changes.find((one) => one['hookward.delivery.attempt'])?.['hookward.delivery.attempt'];
  const answered = r['hookward.delivery.status'] || (r['hookward.delivery.state'] !== 'stored' && r['http.response.status_code']);
  let text = 'stored. ';
  if (answered) text = `attempt 1: the backend answered ${answered}${took}. `;
  else if (first === 1) text = 'stored before the backend was asked. ';
  else if (first) text = `attempt 1: no answer${took}. `;
  return item(r['event.outcome'] === 'success' ? 'good' : 'odd', r['@timestamp'], null, text, `The sender got ${r['http.response.status_code'] || 'no answer'}.`);
}

function changeItem(r, from) {
  const action = r['event.action'];
  const tone = { delivered: 'good', failed: 'odd', dead: 'bad' }[action] || 'soft';
  const status = r['hookward.delivery.status'];
  const tried = r['event.duration'] ? `attempt ${r['hookward.delivery.attempt']}: ${status ? `the backend answered ${status}` : 'no answer'} after ${duration(r['event.duration'])}. ` : '';
  const text = {
    delivered: r['hookward.aborted'] ? 'Delivered, though the answer broke off.' : 'Delivered.',
    failed: r['hookward.delivery.next'] ? ['Next attempt ', moment(r['hookward.delivery.next']), '.'] : 'It waits.',
    dead: `Dead: ${r['event.reason']}.`,
    superseded: 'The sender has sent it again, and that has arrived.',
    expired: 'It was kept for its time, and is gone.',
    handed_over: ['Handed over to ', shown(r['hookward.delivery.output'] || 'an output'), r['event.reason'] === 'too_large' ? ', which was told of it alone: it is too large.' : '.'],
  }[action] || [action, r['user.name'] ? [' by ', shown(r['user.name'])] : '', r['event.reason'] ? [': ', shown(r['event.reason'])] : '', '.'];
  return item(tone, r['@timestamp'], from, tried, ...[text].flat(2));
}

function facts(r) {
  const text = (name) => r[name] && shown(r[name]);
  const time = (name) => r[name] && moment(r[name], true);
  const took = (name) => r[name] != null && duration(r[name]);
  return pairs([
    ['request', r['http.request.method'] && shown(`${r['http.request.method']} ${r['url.domain']}${r['url.path']}${r['url.query'] ? '?' + r['url.query'] : ''}`)],
    ['gate', gateLink(r['hookward.middleware'])],
    ['router', text('hookward.router')],
    ['provider', r['hookward.provider']],
    ['delivery', text('hookward.delivery_id')],
    ['kept as', r['hookward.delivery.id'] && element('code', {}, r['hookward.delivery.id'])],
    ['received', time('hookward.delivery.received')],
    ['client', text('client.address')],
    ['certificate', text('tls.client.subject')],
    ['rule', text('rule.name')],
    ['issuer', text('hookward.jwt.issuer')],
    ['subject', text('hookward.jwt.subject')],
    ['key id', text('hookward.jwt.key_id') || text('hookward.signature.key_id')],
    ['signed at', time('hookward.timestamp')],
    ['key', r['hookward.secret'] ? `secret ${r['hookward.secret']}` : r['hookward.public_key'] && `public key ${r['hookward.public_key']}`],
    ['gate took', took('hookward.gate.duration')],
    ['backend took', took('hookward.backend.duration')],
    ['body', r['http.request.body.bytes'] != null && bytes(r['http.request.body.bytes'])],
    ['type', text('hookward.body.media_type')],
    ['SHA-256', r['hookward.body.sha256'] && element('code', {}, r['hookward.body.sha256'])],
    ['mistake', text('error.message')],
  ]);
}

export function headersOf(list) {
  const made = [];
  for (let i = 0; i < list.length; i += 2) made.push([shown(list[i]), shown(list[i + 1])]);
  return made.length ? pairs(made) : element('p', { class: 'soft' }, 'None are kept.');
}

function checksOf(r) {
  const [failed, what, cause] = causes[r['event.reason']] || [null, r['event.reason'], ''];
  const at = checks.indexOf(failed);
  const passed = failed === null || at < 0 ? checks : checks.slice(0, at);
  const list = (names) => names.join(', ');
  return element('ol', { class: 'steps' },
    passed.length > 0 && element('li', { class: 'good' }, element('b', {}, 'Passed, or not asked for: '), list(passed), '.'),
    at >= 0 ? element('li', { class: 'bad' }, element('b', {}, `${failed}: stopped here. `), what, ' ', cause) : element('li', { class: at < 0 && failed ? 'bad' : 'good' }, what, ' ', cause),
    at >= 0 && at < checks.length - 1 && element('li', { class: 'soft' }, 'Not reached: ', list(checks.slice(at + 1)), '.'));
}

export const notYours = 'You may not see it: that takes the role of a reader, and console.payload: recorded.';

function payloadButton(d, into) {
  if (!d.hasPayload) return element('p', { class: 'soft' }, 'Only its hash is recorded. audit.payload: redacted records more.');
  if (!d.mayPayload) return element('p', { class: 'soft' }, notYours);
  const id = encodeURIComponent(d.record['event.id']);
  const made = showButton(into, async () => (await api(`deliveries/${id}?payload=1`)).record);
  return element('div', { class: 'tools' }, made, element('a', { href: `api/payload/${id}`, download: 'payload' }, 'Save it as a file'));
}

// showButton asks for a payload, by the names of a record, and shows it.
export function showButton(into, ask) {
  const made = element('button', {
    type: 'button',
    click: async () => {
      try {
        const r = await ask();
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
