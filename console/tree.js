// A payload as a tree. Numbers stay as they were written, and names may stand there twice,
// so this reads JSON by itself. It gives up where there is too much to look at.
import { element, shown } from './show.js';

const maxDepth = 64;
const maxNodes = 1000;
const maxText = 10000; // of one value, in UTF-16 units

// read returns the nodes of a JSON text, or null where it is none, or is too deep.
export function read(text) {
  let at = 0;
  const token = /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
  const next = () => {
    token.lastIndex = at;
    const found = token.exec(text);
    if (!found) throw new SyntaxError('no JSON');
    at = token.lastIndex;
    return found;
  };
  const value = (found, depth) => {
    if (depth > maxDepth) throw new SyntaxError('too deep');
    if (found[2]) return { kind: 'text', text: JSON.parse(found[2]) };
    if (found[3]) return { kind: 'plain', text: found[3] };
    if (found[1] !== '{' && found[1] !== '[') throw new SyntaxError('no JSON');
    const close = found[1] === '{' ? '}' : ']';
    const items = [];
    for (;;) {
      let sign = next();
      if (sign[1] === close) return { kind: found[1], items };
      if (items.length > 0) {
        if (sign[1] !== ',') throw new SyntaxError('no JSON');
        sign = next();
      }
      let name = null;
      if (close === '}') {
        if (!sign[2] || next()[1] !== ':') throw new SyntaxError('no JSON');
        name = JSON.parse(sign[2]);
        sign = next();
      }
      items.push([name, value(sign, depth + 1)]);
    }
  };
  try {
    const tree = value(next(), 0);
    return /^[ \t\n\r]*$/.test(text.slice(at)) ? tree : null;
  } catch {
    return null;
  }
}

// tree shows nodes, opened two levels deep, and no more of them than anybody reads.
export function tree(root) {
  const left = { nodes: maxNodes };
  return element('ul', { class: 'tree top' }, branch(null, root, 0, left));
}

function branch(name, node, depth, left) {
  left.nodes--;
  const label = name == null ? [] : [element('span', { class: 'soft' }, shown(name.slice(0, maxText)), ': ')];
  if (node.kind === 'text') return element('li', {}, label, '"', shown(node.text.slice(0, maxText)), node.text.length > maxText ? ' … more: see the text as it came' : '"');
  if (node.kind === 'plain') return element('li', {}, label, element('b', {}, node.text.slice(0, maxText)));
  const end = node.kind === '{' ? '}' : ']';
  if (node.items.length === 0) return element('li', {}, label, node.kind + end);
  const list = element('ul', { class: 'tree' });
  const open = depth < 2;
  const fill = () => {
    for (const [key, item] of node.items) {
      if (left.nodes <= 0) {
        list.append(element('li', { class: 'odd' }, 'more: see the text as it came'));
        return;
      }
      list.append(branch(key, item, depth + 1, left));
    }
  };
  const made = element('details', { open }, element('summary', {}, label, `${node.kind} ${node.items.length} ${end}`), list);
  if (open) fill();
  else {
    made.addEventListener('toggle', () => {
      left.nodes = maxNodes;
      fill();
    }, { once: true });
  }
  return element('li', {}, made);
}

// hexdump shows bytes as od does, as far as anybody reads.
export function hexdump(data) {
  const lines = [];
  for (let at = 0; at < data.length && at < 16384; at += 16) {
    const part = [...data.subarray(at, at + 16)];
    const hex = part.map((b) => b.toString(16).padStart(2, '0')).join(' ');
    const text = part.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join('\n') + (data.length > 16384 ? '\n… only the first 16 KiB' : '');
}
