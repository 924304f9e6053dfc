// The overview: all gates at once, one by one, and over time.
import { element, shown, bytes, count, duration, gateName, pairs, percent, moment, select } from './show.js';
import { api } from './console.js';
import { above, chart } from './chart.js';

export const gateLink = (name, more = '') => element('a', { href: `#/deliveries?gate=${encodeURIComponent(name)}${more}` }, gateName(name));

const windows = { '1h': 'last hour', '48h': 'last two days' };

export async function overviewPage(params) {
  const span = params.get('window') === '48h' ? '48h' : '1h';
  const overview = await api(`overview?window=${span}`);
  const gates = [...overview.gates].sort((a, b) => !!b.problem - !!a.problem || b.requests - a.requests);
  const about = element('p', { class: 'soft' }, 'Counted since ', moment(overview.started, true), ', deliveries kept since ', moment(overview.since, true), `. hookward ${overview.version}, instance ${overview.instance}.`);
  if (gates.length === 0) return [element('h2', {}, 'Overview'), element('p', {}, 'There is no gate yet.'), about];
  const busiest = gates.reduce((a, b) => (b.requests > a.requests ? b : a));
  const gate = params.get('gate') || busiest.name;
  const to = (name, time) => { location.hash = `#/overview?window=${time}&gate=${encodeURIComponent(name)}`; };
  const series = await api(`series?gate=${encodeURIComponent(gate)}&window=${span}`);
  return [
    element('h2', {}, 'Overview'),
    element('div', { class: 'tools' },
      element('label', {}, 'Time', select(Object.keys(windows), span, (value) => to(gate, value), windows)),
      element('label', {}, 'Charts of', select(gates.map((g) => g.name), gate, (value) => to(value, span)))),
    tiles(overview),
    element('h3', {}, 'Charts of ', shown(gate)), charts(series),
    element('h3', {}, 'Gates'), element('div', { class: 'cards' }, gates.map(card)),
    about,
  ];
}

// tiles answer whether anything fails now.
function tiles(overview) {
  const sum = (of) => overview.gates.reduce((all, g) => all + (of(g) || 0), 0);
  const requests = sum((g) => g.requests);
  const refused = sum((g) => g.refused);
  const wrong = sum((g) => (g.problem ? 1 : 0));
  const down = overview.dependencies.filter((d) => !d.up).length;
  const kept = overview.gates.some((g) => g.kept);
  const waiting = sum((g) => g.kept?.waiting);
  const dead = sum((g) => g.kept?.dead);
  const overdue = Math.max(0, ...overview.gates.map((g) => g.kept?.overdue || 0));
  const tile = (name, value, tone, href) => element('div', { class: 'tile' }, element('dt', {}, name), element('dd', { class: tone }, href ? element('a', { href }, value) : value));
  return element('dl', { class: 'tiles' },
    tile('requests', count(requests)),
    tile('success', percent(sum((g) => g.succeeded), requests)),
    tile('refused', count(refused), '', refused ? '#/deliveries?decision=refuse' : ''),
    kept && tile('deliveries waiting', count(waiting), '', '#/waiting'),
    kept && tile('dead', count(dead), dead ? 'bad' : '', '#/dead'),
    overdue > 3e11 && tile('oldest overdue', duration(overdue), 'bad'),
    tile('gates with a mistake', String(wrong), wrong ? 'bad' : '', wrong ? '#/health' : ''),
    overview.dependencies.length > 0 && tile('dependencies down', String(down), down ? 'bad' : '', '#/health'));
}

function card(g) {
  const problem = g.problem.length > 160 ? `${g.problem.slice(0, g.problem.lastIndexOf(' ', 160))} …` : g.problem;
  const list = [
    ['requests', [count(g.requests), ...(g.since ? [' since ', moment(new Date(g.since * 1000).toISOString())] : [' in all'])]],
    ['success', g.requests ? `${percent(g.succeeded, g.requests)} passed, and answered 2xx` : '–'],
    ['refused', g.refused ? element('a', { href: `#/deliveries?gate=${encodeURIComponent(g.name)}&decision=refuse` }, count(g.refused)) : '0'],
    ['gate', latency(g.gate)],
    ['backend', latency(g.backend)],
    ['body', g.bytesMean == null ? '–' : `${bytes(g.bytesMean)} on average`],
    ['kept', g.kept && (g.kept.reading ? 'not counted: the store is not read yet' : `${count(g.kept.waiting)} waiting, ${count(g.kept.dead)} dead${g.kept.overdue > 3e11 ? `; the oldest is due for ${duration(g.kept.overdue)}` : ''}`)],
  ];
  return element('section', { class: 'card' },
    element('h4', {}, gateLink(g.name), g.provider && !g.problem && element('span', { class: 'soft' }, ` ${g.provider}`)),
    g.problem ? element('p', { class: 'bad' }, element('b', {}, g.refuses ? 'Refuses everything: ' : 'Keeps what was in force: '), shown(problem), ' ', element('a', { href: '#/health' }, 'Health')) : null,
    g.requests || g.kept
      ? pairs(list)
      : element('p', { class: 'soft' }, 'No request yet.'));
}

// latency shows what half of the requests took at most, and 95 %. Below a millisecond
// nothing is told apart.
function latency(times) {
  const show = (n) => (n < 1e6 ? 'below 1 ms' : duration(n));
  if (!times.count) return '–';
  return times.p95 < 1e6 ? 'below 1 ms at 95\u00a0%' : `${show(times.p50)} median, ${show(times.p95)} at 95\u00a0%`;
}

function charts(s) {
  if (s.times.length === 0) return element('p', { class: 'soft' }, 'Nothing yet: the lines begin when the numbers were looked at twice, after ten seconds, or five minutes for two days.');
  const rate = (n) => (n >= 10 ? count(Math.round(n)) : n.toFixed(1));
  return element('div', { class: 'charts' },
    chart('Requests a minute', s.times, [{ name: 'all', values: s.requests }, { name: 'refused', values: s.refused }], rate),
    chart('Success', s.times, [{ name: 'passed, and answered 2xx', values: s.success }], (n) => `${n.toFixed(n < 100 ? 1 : 0)} %`, 100),
    chart('Latency at 95 %', s.times, [{ name: 'backend', values: s.backend }, { name: 'gate', values: s.gate }], duration),
    chart('Payload on average', s.times, [{ name: 'body', values: s.bytes }], bytes, 0, (n) => {
      const unit = n < 1024 ? 1 : n < 1048576 ? 1024 : 1048576;
      return above(n / unit) * unit;
    }));
}
