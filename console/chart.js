// Charts: one or two lines over time, with their numbers for who can't see lines.
import { element } from './show.js';

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
    if (!on) drawn += 'h.1';
    on = true;
  });
  return drawn;
}

// chart draws lines, each {name, values}, over times in seconds.
export function chart(title, times, lines, show) {
  const all = lines.flatMap((line) => line.values).filter((value) => value != null);
  const top = Math.max(...all, 0) || 1;
  const label = lines.map((line) => {
    const there = line.values.filter((value) => value != null);
    return there.length ? `${line.name}: now ${show(there.at(-1))}, at most ${show(Math.max(...there))}` : `${line.name}: no data`;
  });
  const picture = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${title}. ${label.join('; ')}` });
  for (const y of [0.5, height / 2, height - 0.5]) picture.append(svg('path', { class: 'grid', d: `M0 ${y}H${width}` }));
  lines.forEach((line, i) => picture.append(svg('path', { class: i ? 'line second' : 'line', d: path(line.values, top) })));
  const clock = (at) => (at == null ? '' : new Date(at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
  return element('figure', {},
    element('figcaption', {}, title),
    picture,
    element('div', { class: 'scale' }, element('span', {}, clock(times[0])), element('span', {}, `top ${show(top)}`), element('span', {}, clock(times.at(-1)))),
    element('div', { class: 'scale' }, label.map((text, i) => element('span', { class: i ? 'bad' : '' }, text))));
}
