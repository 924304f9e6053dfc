// Builders of entries for schemes that many providers share.

import { forms, header, json, mac } from "./lib.mjs";

// plain: one header with an HMAC over the body, or over what text gives.
export function plain(name, options = {}) {
  const { prefix = "", algorithm = "sha256", encoding = "hex", text = (c) => c.body, ...rest } = options;
  return {
    form: forms.text,
    covers: true,
    carrier: { header: [name] },
    id: null,
    event: null,
    signature: (c) => mac(algorithm, c.key, text(c), encoding),
    carry: (c, signatures) => signatures.map((signature) => [name, prefix + signature]),
    ...rest,
  };
}

export const base64 = (name, options) => plain(name, { encoding: "base64", ...options });

// stamped: like plain, with the timestamp in a header of its own.
export function stamped(name, time, options) {
  return plain(name, { stamp: { header: time }, unit: "s", tolerance: 300, ...options });
}

// list: the timestamp and the signatures are parts of one header:
// "t=1700000000,v1=00ff...,v1=..." with other names and joints.
export function list(name, options = {}) {
  const { time = "t", label = "v1", joint = ",", other = "v0", more, ...rest } = options;
  const entry = {
    unit: "s",
    tolerance: 300,
    stamp: { header: name, inList: true },
    text: (c) => [c.ts, ".", c.body],
    carry: (c, signatures) => [[name, [`${time}=${c.ts}`, ...signatures.map((s) => `${label}=${s}`)].join(joint)]],
    // A right digest under a name that the scheme does not define counts nothing.
    more: (make) => ({ ...(other && { "refuse:otherLabel": make({ after: relabel }) }), ...more?.(make) }),
    ...rest,
  };
  const relabel = (c) => {
    const at = c.headers.findIndex(([n]) => n === name);
    c.headers[at] = [name, c.headers[at][1].replaceAll(`${joint}${label}=`, `${joint}${other}=`)];
  };
  return plain(name, entry);
}

// standard: the Standard Webhooks scheme, with the names of Standard Webhooks
// ("webhook") or of Svix ("svix").
export function standard(names, options = {}) {
  const { version = "v1", more, ...rest } = options;
  const name = `${names}-signature`;
  const idHeader = `${names}-id`;
  const versioned = (versions) => (c) => {
    const at = c.headers.findIndex(([n]) => n === name);
    c.headers[at] = [name, versions(c.headers[at][1])];
  };
  return stamped(name, `${names}-timestamp`, {
    form: forms.whsec,
    encoding: "base64",
    text: (c) => [c.id, ".", c.ts, ".", c.body],
    carry: (c, signatures) => [[name, signatures.map((s) => `${version},${s}`).join(" ")]],
    several: true,
    signedHeaders: [idHeader],
    id: header(idHeader, (c) => `msg_${mac("sha256", String(Math.random()), c.slug, "hex").slice(0, 27)}`),
    event: json("type", "invoice.paid"),
    more: (make) => ({
      "pass:unknownVersion": make({ after: versioned((value) => `v9,AAAA ${value}`) }),
      "refuse:otherLabel": make({ after: versioned((value) => value.replace(`${version},`, "v9,")) }),
      ...more?.(make),
    }),
    ...rest,
  });
}

// token: the secret itself stands in a header. It says nothing about the body.
export function token(name, options = {}) {
  const { more, ...rest } = options;
  return plain(name, {
    covers: false,
    signedIn: null,
    signature: (c) => c.secret,
    more: (make) => ({
      "refuse:otherCase": make({ signatures: (good) => [good.toUpperCase()] }),
      "refuse:longer": make({ signatures: (good) => [good + "0"] }),
      ...more?.(make),
    }),
    ...rest,
  });
}

// basic: HTTP Basic authentication (RFC 7617).
export function basic(options = {}) {
  const credentials = (text) => Buffer.from(text).toString("base64");
  return token("Authorization", {
    form: forms.basic,
    prefix: "Basic ",
    signature: (c) => credentials(c.secret),
    more: (make) => ({
      "refuse:otherCase": make({ before: (c) => (c.secret = c.secret.toUpperCase()) }),
      "refuse:longer": make({ before: (c) => (c.secret += "0") }),
      "refuse:wrongUser": make({ before: (c) => (c.secret = c.secret.replace("hooks-", "hooks_")) }),
      "refuse:otherScheme": make({
        after: (c) => (c.headers = c.headers.map(([n, v]) => [n, v.replace(/^Basic /, "Bearer ")])),
      }),
    }),
    ...options,
  });
}
