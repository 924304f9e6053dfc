// What to paste into a terminal to have a delivery once more. It holds no secret and no
// payload: what is masked is to be put in.
import { element } from './show.js';

// quote makes a text one word of a shell.
const quote = (text) => `'${String(text).replace(/[^\x20-\x7e]/g, '?').replaceAll("'", "'\\''")}'`;

// ofProxy are headers that the proxy, or the client itself, writes.
const ofProxy = /^(x-forwarded-.*|x-real-ip|x-hookward-.*|content-length|accept-encoding|connection|content-type)$/i;

// headersOf returns the sender's own headers. A masked value is null.
function headersOf(d) {
  const own = [];
  for (let i = 0; i < d.headers.length; i += 2) {
    if (!ofProxy.test(d.headers[i])) own.push([d.headers[i], /^masked, \d+ bytes$/.test(d.headers[i + 1]) ? null : d.headers[i + 1]]);
  }
  return own;
}

// urlOf returns the address as the sender called it, as far as the proxy has told.
function urlOf(d) {
  const r = d.record;
  const header = (name) => d.headers[d.headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name) + 1] || '';
  const scheme = header('x-forwarded-proto') === 'http' ? 'http' : 'https';
  const host = header('x-forwarded-host').startsWith(r['url.domain']) ? header('x-forwarded-host') : r['url.domain'];
  return `${scheme}://${host}${r['url.path']}${r['url.query'] ? `?${r['url.query']}` : ''}`;
}

function lines(d) {
  const r = d.record;
  const body = r['http.request.body.bytes'] > 0;
  const type = r['hookward.body.media_type'];
  const post = r['http.request.method'] === 'POST';
  const gate = `--config dynamic.yml --middleware ${quote(r['hookward.middleware'])}`;
  const url = quote(urlOf(d));
  const all = headersOf(d);
  const h = ([name, value]) => `-H ${quote(`${name}: ${value ?? 'PUT IN WHAT WAS SENT'}`)}`;
  const typed = type ? [`-H ${quote(`Content-Type: ${type}`)}`] : [];
  const option = (name, value) => (value ? [`${name} ${quote(value)}`] : []);
  return {
    curl: ['curl -i', ...(post ? [] : [`-X ${quote(r['http.request.method'])}`]), ...typed, ...all.map(h), ...(body || post ? ['--data-binary @payload'] : []), url],
    'hookward send': ['hookward send', gate, ...option('--event', r['hookward.event_type']), ...option('--id', r['hookward.delivery_id']),
      ...(post ? [] : [`--method ${quote(r['http.request.method'])}`]), ...option('--content-type', type), ...(body ? ['--data @payload'] : []), url],
    'hookward verify': ['hookward verify', gate, `--method ${quote(r['http.request.method'])}`, ...option('--client', r['source.address']),
      `--time ${quote(r['@timestamp'])}`, ...typed, ...all.map(h), ...(body ? ['--data @payload'] : []), `--url ${url}`],
  };
}

export function commands(d) {
  const whole = Object.entries(lines(d)).map(([name, words]) => {
    const text = words.join(' \\\n  ');
    const button = element('button', {
      type: 'button', 'aria-label': `Copy ${name}`,
      click: () => navigator.clipboard.writeText(text).then(() => { button.textContent = 'Copied'; }, () => { button.textContent = 'Not allowed'; }),
    }, 'Copy');
    return element('section', { class: 'command' }, element('div', { class: 'tools' }, element('h4', {}, name), isSecureContext && button), element('pre', { tabindex: 0, 'aria-label': name }, text));
  });
  return [
    element('p', { class: 'soft' }, 'payload is the file with the body, dynamic.yml the configuration of the gate. curl sends what came, verify says step by step what the gate makes of it, and send signs anew.'),
    element('div', { class: 'three' }, whole),
  ];
}
