// What all senders share: secrets, timestamps, and the way from an entry (one
// provider's documented rule) to signed requests. Nothing here knows the gate:
// it is tested against these signers, so they must not share a mistake with it.
//
// An entry is an object:
//   form       how secrets look and become keys (see forms)
//   signature  (c) => the signature's text, from the request being built
//   carry      (c, signatures) => headers that carry it, or a change of c
//   unit       of the signed timestamp; none means the scheme has none
//   tolerance  in seconds; null when the provider documents none
//   stamp      where the timestamp stands
//   id, event  where the delivery's id and its event stand (header() or json());
//              null: nowhere; undefined: nowhere that is a plain scalar
//   more       (make) => further variants, by name

import { createHash, createHmac, randomInt, randomUUID } from "node:crypto";

export const header = (name, value) => ({ header: name, value });
export const json = (path, value) => ({ json: path, value });
export const number = () => randomInt(1e9, 2e9);

const update = (hasher, parts, encoding) => {
  for (const part of [parts].flat()) {
    hasher.update(part);
  }
  return hasher.digest(encoding);
};
export const hash = (algorithm, parts, encoding) => update(createHash(algorithm), parts, encoding);
export const mac = (algorithm, key, parts, encoding) => update(createHmac(algorithm, key), parts, encoding);

// Secrets follow from the slug, so that a run can be repeated, and no secret is
// written down. Number 0 is the newest, 1 the one before it, 2 a stranger's.
export const seed = (slug, n) => hash("sha512", `hookward sender ${slug} ${n}`);
const secretForm = (write, key) => {
  const text = (slug, n) => write(seed(slug, n));
  return { option: "secrets", text, key: (slug, n) => key(text(slug, n)) };
};
const decoded = (prefix) => (text) => Buffer.from(text.slice(prefix.length), "base64");

export const forms = {
  text: secretForm((s) => s.toString("hex", 0, 20), (text) => text),
  prefixed: (prefix) => secretForm((s) => prefix + s.toString("base64url", 0, 24), (text) => text),
  base64Text: secretForm((s) => s.toString("base64", 0, 33), (text) => text),
  hex: secretForm((s) => s.toString("hex", 0, 32).toUpperCase(), (text) => Buffer.from(text, "hex")),
  lowerHex: secretForm((s) => s.toString("hex", 0, 32), (text) => text),
  longHex: secretForm((s) => s.toString("hex").toUpperCase(), (text) => text),
  base64: secretForm((s) => s.toString("base64", 0, 32), decoded("")),
  whsec: secretForm((s) => "whsec_" + s.toString("base64", 0, 24), decoded("whsec_")),
  supabase: secretForm((s) => "v1,whsec_" + s.toString("base64", 0, 24), decoded("v1,whsec_")),
  // A password may hold a colon; a user's name may not.
  basic: secretForm((s) => `hooks-${s.toString("hex", 0, 3)}:pa:${s.toString("base64", 3, 24)}`, (text) => text),
};

const two = (n) => String(n).padStart(2, "0");
const local = (ms) => new Date(ms).toISOString().slice(0, 19);
export const units = {
  s: (ms) => String(Math.floor(ms / 1000)),
  ms: (ms) => String(ms),
  rfc3339: (ms) => local(ms) + "Z",
  millis: (ms) => new Date(ms).toISOString(),
  nanos: (ms) => new Date(ms).toISOString().replace("Z", "634226Z"),
  offset: (ms) => local(ms - 7 * 3_600_000) + "-07:00",
  httpDate: (ms) => new Date(ms).toUTCString(),
};

export const publicURL = (slug) => `https://hooks.example.com/${slug}/in`;

// The amount is what the tampered variants change; the words beside it show
// whether a body's bytes are kept: they are not ASCII.
const filler = { note: "Grüße aus Zürich ✓", amount: 1200 };
export const tamper = (c) => {
  c.body = c.body.replace("1200", "9200");
};

export function setPath(object, path, value) {
  const names = path.split(".");
  const last = names.pop();
  names.reduce((at, name) => (at[name] ??= {}), object)[last] = value;
}

// build makes one request: n is the secret's number, ms the time of signing,
// before changes it before it is signed and after does so afterwards; signatures
// takes the right and a wrong one and returns those to send.
export function build(slug, entry, { n = 0, ms = Date.now(), before, after, signatures = (good) => [good] } = {}) {
  const c = {
    slug, n, ms,
    secret: entry.form.text(slug, n),
    key: entry.form.key(slug, n),
    ts: entry.unit && units[entry.unit](ms),
    method: "POST",
    target: `/${slug}/in`,
    url: publicURL(slug),
    type: entry.type ?? "application/json",
    headers: (entry.headers ?? []).map((pair) => [...pair]),
    fields: structuredClone(entry.fields ?? {}),
  };
  for (const role of ["id", "event"]) {
    const place = entry[role];
    if (!place) {
      continue;
    }
    c[role] = typeof place.value === "function" ? place.value(c) : (place.value ?? randomUUID());
    for (const name of [place.header ?? []].flat()) {
      c.headers.push([name, String(c[role])]);
    }
    for (const path of [place.json ?? []].flat()) {
      setPath(c.fields, path, c[role]);
    }
  }
  if (entry.stamp?.header && !entry.stamp.inList) {
    c.headers.push([entry.stamp.header, c.ts]);
  }
  if (entry.stamp?.json) {
    setPath(c.fields, entry.stamp.json, entry.stamp.number ? Number(c.ts) : c.ts);
  }
  Object.assign(c.fields, filler);
  entry.prepare?.(c);
  before?.(c);
  c.body ??= JSON.stringify(c.fields, null, 1) + "\n";
  const wrong = () => entry.signature({ ...c, n: 2, secret: entry.form.text(slug, 2), key: entry.form.key(slug, 2) });
  c.headers.push(...(entry.carry(c, signatures(entry.signature(c), wrong)) ?? []));
  after?.(c);
  return c;
}

// request is what goes onto the wire.
export function request(c) {
  const type = c.type === null ? [] : [["Content-Type", c.type]];
  return {
    method: c.method,
    target: c.target,
    headers: [...type, ...c.headers],
    bodyBase64: Buffer.from(c.body ?? "").toString("base64"),
  };
}

const day = 86_400_000;
const setHeaders = (names, write) => (c) => {
  const lower = names.map((name) => name.toLowerCase());
  c.headers = c.headers.map(([name, value]) => [name, lower.includes(name.toLowerCase()) ? write(value, c) : value]);
};

// line is a provider's line of the output: how the gate is to be configured, the
// good delivery, and the variants that must pass and that must be refused.
export function line(slug, entry) {
  const make = (options) => request(build(slug, entry, options));
  const stamp = entry.stamp ?? null;
  const inHeaders = entry.carrier.header ?? [];
  const good = build(slug, entry);
  const variants = {
    "refuse:wrongKey": make({ n: 2 }),
    "pass:secondSecret": make({ n: 1 }),
  };
  if (entry.covers) {
    variants["refuse:wrongBody"] = make({ after: tamper });
  } else if (entry.signedIn === null) {
    variants["pass:otherBody"] = make({ after: tamper });
  }
  if (entry.unit) {
    // Where no window is documented, a month is out of any.
    const window = entry.tolerance === null ? 30 * day : (entry.tolerance + 60) * 1000;
    variants["refuse:stale"] = make({ ms: Date.now() - window });
    variants["refuse:future"] = make({ ms: Date.now() + window });
    if (entry.tolerance >= 60) {
      variants["pass:aged"] = make({ ms: Date.now() - entry.tolerance * 600 });
    }
    if (stamp.header) {
      const later = (value, c) => value.replace(c.ts, units[entry.unit](c.ms + 1000));
      variants["refuse:wrongTimestamp"] = make({ after: setHeaders([stamp.header], later) });
    }
  }
  for (const name of entry.signedHeaders ?? []) {
    const key = `refuse:wrong:${name.toLowerCase()}`;
    variants[key] = make({ after: setHeaders([name], (value) => `${value}0`) });
  }
  if (inHeaders.length > 0) {
    const without = (c) => {
      c.headers = c.headers.filter(([name]) => !inHeaders.includes(name));
    };
    variants["refuse:unsigned"] = make({ after: without });
    variants["refuse:emptyHeader"] = make({ after: setHeaders(inHeaders, () => "") });
    variants["refuse:prefixOnly"] = make({ signatures: () => [""] });
    variants["refuse:truncated"] = make({ signatures: (good) => [truncated(good)] });
  }
  if (entry.several) {
    variants["pass:several"] = make({ signatures: (good, wrong) => [wrong(), good] });
    variants["refuse:severalWrong"] = make({ signatures: (good, wrong) => [wrong(), wrong()] });
  }
  const found = (role) => (entry[role] === null ? null : entry[role] && String(good[role]));
  const { option } = entry.form;
  return {
    slug,
    options: {
      [option]: [entry.form.text(slug, 0), entry.form.text(slug, 1)],
      ...(entry.usesURL ? { publicURL: publicURL(slug) } : {}),
      ...entry.options,
    },
    bindsBody: entry.covers,
    ...(entry.covers ? {} : { signedIn: entry.signedIn }),
    timestamped: Boolean(entry.unit),
    ...(entry.saysTime ? { saysTime: true } : {}),
    tolerance: entry.unit ? entry.tolerance : null,
    carrier: entry.carrier,
    timestampCarrier: stamp && (stamp.header ? { header: [stamp.header] } : { json: stamp.json }),
    signedHeaders: entry.signedHeaders ?? [],
    expected: { id: found("id"), event: found("event") },
    good: request(good),
    variants: { ...variants, ...entry.more?.(make) },
    handshakes: [],
  };
}

// truncated cuts a signature. A token is cut where no base64url ends: elsewhere it depends on
// the last bits, and so on the moment, whether it can still be read.
function truncated(good) {
  let cut = good.slice(0, -4);
  if (!/^[\w-]+\.[\w-]*\.[\w-]+$/.test(good)) return cut;
  while ((cut.length - cut.lastIndexOf('.') - 1) % 4 !== 1) cut = cut.slice(0, -1);
  return cut;
}
