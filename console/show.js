// What the pages are made of. Everything that is shown comes from strangers: it becomes
// text, never markup.

// element makes one. Children are elements or texts; attributes are never URLs of strangers.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((c) => c != null && c !== false));
  return made;
}

// Characters that are not seen, or that turn a text around.
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/u;

// maxMarks is how many of them get an element each. A text of nothing else would hold the
// browser up.
const maxMarks = 1000;

// shown returns a stranger's text as an element in which nothing hides: what can't be
// seen stands there by its number, and the text can't turn what is around it.
export function shown(text, name = 'bdi') {
  const made = element(name);
  let plain = '';
  let marks = 0;
  for (const sign of String(text)) {
    if (!unseen.test(sign)) {
      plain += sign;
      continue;
    }
    if (++marks > maxMarks) {
      plain += '\ufffd';
      continue;
    }
    made.append(plain, element('span', { class: 'mark' }, 'U+' + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')));
    plain = '';
  }
  made.append(plain);
  return made;
}

export function bytes(n) {
  if (n == null || n < 0) return '–';
  if (n < 1024) return `${Math.round(n)} B`;
  if (n < 1048576) return `${round(n / 1024)} KiB`;
  return `${round(n / 1048576)} MiB`;
}

// duration shows nanoseconds.
export function duration(n) {
  if (n == null) return '–';
  if (n < 1e6) return `${round(n / 1e3)} µs`;
  if (n < 1e9) return `${round(n / 1e6)} ms`;
  if (n < 12e10) return `${round(n / 1e9)} s`;
  if (n < 72e11) return `${round(n / 6e10)} min`;
  return `${round(n / 36e11)} h`;
}

// count shows a number of things, in groups of three digits.
export const count = (n) => n.toLocaleString('en').replaceAll(',', '\u202f');

// gateName shows the name of a gate, which may break before its provider.
export function gateName(name) {
  const at = name.lastIndexOf('@');
  return at < 1 ? shown(name) : element('span', {}, shown(name.slice(0, at)), element('wbr'), shown(name.slice(at)));
}

// words shows a word of records, which may break behind its parts.
export const words = (text) => String(text).split('_').flatMap((part, i) => (i ? ['_', element('wbr'), part] : [part]));

export function select(options, chosen, change, names = {}, name = null) {
  const made = element('select', { name }, options.map((o) => element('option', { value: o, selected: o === chosen }, names[o] || o)));
  if (change) made.addEventListener('change', () => change(made.value));
  return made;
}

export function round(n) {
  return n >= 100 ? Math.round(n).toString() : Number(n.toPrecision(3)).toString();
}

export function percent(part, whole) {
  return whole > 0 ? `${round((100 * part) / whole)} %` : '–';
}

const two = (n) => String(n).padStart(2, '0');
const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
export const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

// moment shows a time in the zone of who looks, and in UTC when pointed at.
export function moment(text, dated = false) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return shown(text);
  const far = dated || Math.abs(Date.now() - at) > 64800000;
  return element('time', { datetime: text, title: text }, far ? `${day(at)} ${clock(at)}` : clock(at));
}

// verdict shows a decision and its reason: the word says it, the colour only helps.
export function verdict(row) {
  const tone = row.decision === 'refuse' ? (row.observed ? 'odd' : 'bad') : row.outcome === 'failure' ? 'odd' : 'good';
  return element('span', { class: `word ${tone}` }, row.decision + (row.observed ? ' (observed)' : ''));
}

// table makes a table that can be scrolled by keyboard. Columns are [name, class].
export function table(label, columns, rows) {
  return element('div', { class: 'table', tabindex: 0, role: 'region', 'aria-label': label },
    element('table', {},
      element('thead', {}, element('tr', {}, columns.map(([name, kind]) => element('th', { scope: 'col', class: kind }, name)))),
      rows));
}

export function pairs(list) {
  return element('dl', {}, list.filter(([, value]) => value).flatMap(([name, value]) => [
    element('dt', {}, name), element('dd', {}, value),
  ]));
}

// searchField is a text of a filter. It begins with what stands in the address.
export const searchField = (params, name, label, more = {}) => element('label', {}, label, element('input', { name, value: params.get(name) || '', type: 'search', id: `filter-${name}`, ...more }));

// filterForm makes the form above a list. It changes the address, and so the list.
export function filterForm(where, all, fields) {
  return element('form', {
    class: 'filters', 'aria-label': 'Filter',
    submit: (event) => {
      event.preventDefault();
      location.hash = `#/${where}?${new URLSearchParams([...new FormData(event.target)].filter(([, text]) => text))}`;
    },
  }, fields, element('div', { class: 'tools' }, element('button', { type: 'submit' }, 'Filter'), element('a', { href: `#/${where}${all}` }, 'all')));
}
