// Charts: one or two lines over time, with their numbers for who can't see lines.
import { clock, element, table } from './show.js';

const width = 600;
const height = 140;

function svg(name, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// path goes through the points that are there; a gap stays one.
function path(values, top) {
  let drawn = '';
  let on = false;
  values.forEach((value, i) => {
    if (value == null) {
      on = false;
      return;
    }
    const x = values.length > 1 ? (i * width) / (values.length - 1) : 0;
    drawn += `${on ? 'L' : 'M'}${x.toFixed(1)} ${(height - (value * height) / top).toFixed(1)}`;
    if (!on) drawn += 'h1';
    on = true;
  });
  return drawn;
}

// above returns a round number that is not below n.
export function above(n) {
  const unit = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map((factor) => factor * unit).find((round) => round >= n * 0.999);
}

const minute = (at) => clock(new Date(at * 1000)).slice(0, 5);

// chart draws lines, each {name, values}, over times in seconds. The axis ends at most, or
// at a round number, which round finds above the greatest value.
export function chart(title, times, lines, show, most, round = above) {
  const all = lines.flatMap((line) => line.values).filter((value) => value != null);
  const top = most || round(Math.max(...all, 0) || 1);
  const legend = lines.map((line) => {
    const there = line.values.filter((value) => value != null);
    const extreme = most ? `at least ${show(Math.min(...there))}` : `at most ${show(Math.max(...there))}`; // what is to be known
    return there.length ? `${line.name}: now ${show(there.at(-1))}, ${extreme}` : `${line.name}: nothing yet`;
  });
  const picture = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}. ${legend.join('; ')}` });
  for (const y of [0.5, height / 2, height - 0.5]) picture.append(svg('path', { class: 'grid', d: `M0 ${y}H${width}` }));
  lines.forEach((line, i) => picture.append(svg('path', { class: i ? 'line second' : 'line', d: path(line.values, top) })));
  const numbers = element('details', {
    toggle: () => {
      if (numbers.childElementCount === 1) numbers.append(table(`${title}, in numbers`, [['until'], ...lines.map((line) => [line.name, 'n'])], element('tbody', {}, times.map((at, i) => element('tr', {}, element('td', {}, clock(new Date(at * 1000))), lines.map((line) => element('td', { class: 'n' }, line.values[i] == null ? '–' : show(line.values[i]))))).reverse())));
    },
  }, element('summary', {}, 'Numbers'));
  return element('figure', {},
    element('figcaption', {}, title),
    element('div', { class: 'scale' }, element('span', {}, all.length ? show(top) : ''), element('span', {}, all.length ? '' : 'Nothing yet')),
    picture,
    element('div', { class: 'scale' }, element('span', {}, minute(times[0])), element('span', {}, minute(times.at(-1)))),
    element('div', { class: 'legend' }, legend.map((text, i) => element('span', { class: i ? 'second' : '' }, text))),
    all.length ? numbers : null);
}
