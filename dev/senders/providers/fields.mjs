// Providers that sign parts of the request rather than its bytes: form fields,
// fields of the JSON, the URL; and those with a hash where others have an HMAC.

import { forms, hash, json, mac, seed, units } from "./lib.mjs";
import { base64, list, plain, stamped } from "./families.mjs";

const form = "application/x-www-form-urlencoded";
const amend = (find, put) => ({ after: (c) => (c.body = c.body.replace(find, put)) });

// Twilio signs the URL, and after it each form field's name and value, sorted; of
// a repeated field each value once, sorted. Other bodies are bound by their hash
// in the URL's query, and a GET callback has only its URL.
function twilioText(c) {
  const fields = new Map();
  for (const [name, value] of c.type === form ? new URLSearchParams(c.body) : []) {
    fields.set(name, (fields.get(name) ?? new Set()).add(value));
  }
  const parts = [...fields.keys()].sort().flatMap((name) => [...fields.get(name)].sort().map((value) => name + value));
  return c.url + parts.join("");
}
const withQuery = (c, text) => {
  c.target += text;
  c.url += text;
};
const twilioJSON = (c) => {
  c.type = "application/json";
  c.body = JSON.stringify(c.fields);
  withQuery(c, `?bodySHA256=${hash("sha256", c.body, "hex")}`);
};
const twilio = {
  ...base64("X-Twilio-Signature", { algorithm: "sha1", text: twilioText }),
  type: form,
  covers: false,
  signedIn: { form: "*" },
  usesURL: true,
  options: { methods: ["POST", "GET"] },
  id: { header: "I-Twilio-Idempotency-Token" },
  prepare: (c) => {
    const call = { CallSid: "CA1234567890ABCDE", From: "+14158675309" };
    const reason = { Reason: "Grüße & more", ReasonCode: "1200", Empty: "" };
    c.body = new URLSearchParams({ ...call, ...reason }).toString();
  },
  more: (make) => ({
    "refuse:wrongBody": make(amend("1200", "9200")),
    "refuse:addedField": make({ after: (c) => (c.body += "&Admin=1") }),
    "refuse:droppedField": make(amend("&From=%2B14158675309", "")),
    "pass:otherOrder": make({ after: (c) => (c.body = c.body.split("&").reverse().join("&")) }),
    "pass:repeatedField": make({ before: (c) => (c.body += "&Digits=5678&Digits=1234&Digits=1234") }),
    "pass:port": make({ before: (c) => (c.url = c.url.replace(".com/", ".com:443/")) }),
    "refuse:otherPort": make({ before: (c) => (c.url = c.url.replace(".com/", ".com:8443/")) }),
    "refuse:credentials": make({ before: (c) => (c.url = c.url.replace("://", "://user:pass@")) }),
    "origin:query": make({ before: (c) => withQuery(c, "?foo=1&bar=%2B2") }),
    "refuse:wrongQuery": make({ before: (c) => withQuery(c, "?foo=1"), after: (c) => (c.target += "2") }),
    "origin:get": make({
      before: (c) => {
        withQuery(c, "?" + c.body);
        Object.assign(c, { method: "GET", type: null, body: "" });
      },
    }),
    "pass:json": make({ before: twilioJSON }),
    "refuse:jsonWrongBody": make({ before: twilioJSON, after: (c) => (c.body = c.body.replace("1200", "9200")) }),
    // Without the hash in the query nothing binds a body that is no form.
    "refuse:jsonUnbound": make({
      before: (c) => Object.assign(c, { type: "application/json", body: JSON.stringify(c.fields) }),
    }),
  }),
};

const mandrill = {
  ...base64("X-Mandrill-Signature", { algorithm: "sha1" }),
  signature: (c) => {
    const pairs = [...new URLSearchParams(c.body)].sort(([a], [b]) => (a < b ? -1 : 1));
    return mac("sha1", c.key, [c.url, ...pairs.flat()], "base64");
  },
  type: form,
  covers: false,
  signedIn: { form: "*" },
  usesURL: true,
  id: undefined,
  event: undefined,
  prepare: (c) => {
    const events = JSON.stringify([{ event: "send", _id: "e1", msg: c.fields }]);
    c.body = new URLSearchParams({ mandrill_events: events }).toString();
  },
  more: (make) => ({
    "refuse:wrongBody": make(amend("1200", "9200")),
    "refuse:addedField": make({ after: (c) => (c.body += "&zz=1") }),
    "pass:twoFields": make({ before: (c) => (c.body += "&a=1") }),
  }),
};

// Braintree signs bt_payload: base64 of XML in lines, with a newline at its end.
// The key is the SHA-1 of the private key; the public one names the sender.
const braintreeName = (n) => `braintreepub${"abc"[n]}000`;
const braintreeKey = (c) => hash("sha1", c.secret);
const braintreeForm = (c, pairs) => {
  c.body = new URLSearchParams({ bt_signature: pairs.join("&"), bt_payload: c.payload }).toString();
};
const braintree = {
  ...plain("bt_signature", { signature: (c) => mac("sha1", braintreeKey(c), c.payload, "hex") }),
  type: form,
  covers: false,
  signedIn: { form: "bt_payload" },
  carrier: { form: "bt_signature" },
  options: { senders: [braintreeName(0), braintreeName(1)] },
  prepare: (c) => {
    const nonce = seed(String(Math.random()), 0).toString("hex", 0, 8);
    const subject = `<subject><check type="boolean">true</check><note>${nonce} ✓</note></subject>`;
    const xml = `<notification><kind>check</kind>${subject}</notification>`;
    c.payload = Buffer.from(xml).toString("base64").replace(/(.{60})/g, "$1\n") + "\n";
  },
  carry: (c, [signature]) => braintreeForm(c, [`${braintreeName(c.n % 2)}|${signature}`]),
  more: (make) => {
    const carrying = (pairs) => ({
      after: (c) => braintreeForm(c, pairs(mac("sha1", braintreeKey(c), c.payload, "hex"))),
    });
    const other = mac("sha1", "another key", "another payload", "hex");
    return {
      "refuse:wrongBody": make(amend("bt_payload=P", "bt_payload=Q")),
      "pass:several": make(carrying((good) => [`another000|${other}`, `${braintreeName(0)}|${good}`])),
      "refuse:otherSender": make(carrying((good) => [`another000|${good}`])),
      "refuse:severalCrossed": make(carrying((good) => [`another000|${good}`, `${braintreeName(0)}|${other}`])),
      "refuse:unsigned": make({ after: (c) => (c.body = new URLSearchParams({ bt_payload: c.payload }).toString()) }),
      "refuse:emptyField": make({ after: (c) => braintreeForm(c, []) }),
      // The SDKs try the payload with a newline put back at its end.
      "pass:strippedNewline": make({
        after: (c) => (c.body = c.body.replace(/%0A$/, "")),
      }),
    };
  },
};

// Adyen signs eight fields of each item of the batch.
const adyenText = (item) =>
  [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    item.amount?.value,
    item.amount?.currency,
    item.eventCode,
    item.success,
  ]
    .map((value) => value ?? "")
    .join(":");
const adyenItems = (c) => c.fields.notificationItems.map((item) => item.NotificationRequestItem);
const adyenAfter = (change) => ({
  after: (c) => {
    change(...adyenItems(c));
    c.body = JSON.stringify(c.fields);
  },
});
// The pspReference of a report is the name of a file, with times in it.
const adyenReport = (eventCode) => ({
  before: (c) => {
    const pspReference = "report_2022-11-01T00:00:00_2022-11-02T23:59:59.csv";
    c.fields.notificationItems.length = 1;
    Object.assign(adyenItems(c)[0], { pspReference, eventCode, merchantReference: "" });
  },
});
const adyen = {
  ...plain("hmacSignature", { form: forms.hex }),
  covers: false,
  signedIn: { json: "notificationItems[].NotificationRequestItem" },
  carrier: { json: "notificationItems[].NotificationRequestItem.additionalData.hmacSignature" },
  id: undefined,
  event: undefined,
  prepare: (c) => {
    const item = (extra) => ({
      NotificationRequestItem: {
        additionalData: {},
        amount: { currency: "EUR", value: 1200 },
        eventCode: "AUTHORISATION",
        merchantAccountCode: "HookwardCOM",
        merchantReference: "order/42",
        pspReference: seed(String(Math.random()), 0).toString("hex", 0, 8).toUpperCase(),
        reason: "Grüße ✓",
        success: "true",
        ...extra,
      },
    });
    const refund = { eventCode: "REFUND", originalReference: "7914073381342284" };
    c.fields = { live: "false", notificationItems: [item(), item(refund)] };
  },
  signature: (c) => (item) => mac("sha256", c.key, adyenText(item), "base64"),
  carry: (c, [sign]) => {
    for (const item of adyenItems(c)) {
      item.additionalData.hmacSignature = sign(item);
    }
    c.body = JSON.stringify(c.fields);
  },
  more: (make) => ({
    "refuse:wrongBody": make(adyenAfter((first) => (first.amount.value = 9200))),
    "refuse:secondItem": make(adyenAfter((_, second) => (second.amount.value = 9200))),
    "refuse:secondUnsigned": make(adyenAfter((_, second) => delete second.additionalData.hmacSignature)),
    "refuse:unsigned": make(adyenAfter((...items) => items.forEach((item) => delete item.additionalData))),
    "refuse:noItems": make({ after: (c) => (c.body = '{"live":"false","notificationItems":[]}') }),
    "pass:unsignedPart": make(adyenAfter((first) => (first.reason = "another"))),
    "pass:report": make(adyenReport("REPORT_AVAILABLE")),
    "refuse:colons": make(adyenReport("AUTHORISATION")),
  }),
};

// multipart makes the body a form in multipart/form-data: of names, values and, of files, file
// names.
function multipart(c, parts) {
  const boundary = "----mail" + seed(c.slug, 7).toString("hex", 0, 12);
  const head = ([name, , file]) => `form-data; name="${name}"` + (file ? `; filename="${file}"\r\nContent-Type: text/plain` : "");
  const lines = parts.map((part) => `--${boundary}\r\nContent-Disposition: ${head(part)}\r\n\r\n${part[1]}\r\n`);
  c.type = `multipart/form-data; boundary=${boundary}`;
  c.body = lines.join("") + `--${boundary}--\r\n`;
}
const mailgunParts = (c) => [
  ["recipient", "a@example.com"],
  ["body-plain", "Grüße\r\n--\r\nme"],
  ["timestamp", c.ts],
  ["token", c.token],
  ["signature", c.fields.signature.signature],
  ["attachment-1", "a,b\r\n1,2\r\n", "table (1).csv"],
];

// Mailgun signs a time and a token; what happened is not signed at all.
const mailgun = {
  ...plain("signature", { text: (c) => [c.ts, c.token] }),
  covers: false,
  signedIn: { json: ["signature.timestamp", "signature.token"] },
  carrier: { json: "signature.signature" },
  stamp: { json: "signature.timestamp" },
  unit: "s",
  tolerance: null,
  id: json("event-data.id"),
  event: json("event-data.event", "delivered"),
  prepare: (c) => (c.token = seed(String(Math.random()), 0).toString("hex", 0, 25)),
  carry: (c, [signature]) => {
    Object.assign(c.fields.signature, { token: c.token, signature });
    c.body = JSON.stringify(c.fields);
  },
  more: (make) => ({
    "refuse:wrongBody": make({ after: (c) => (c.body = c.body.replace(c.token, "0" + c.token.slice(1) + "0")) }),
    "refuse:wrongTimestamp": make({ after: (c) => (c.body = c.body.replace(c.ts, units.s(c.ms + 1000))) }),
    "refuse:unsigned": make({
      after: (c) => (c.body = JSON.stringify({ ...c.fields, signature: { ...c.fields.signature, signature: undefined } })),
    }),
    "pass:unsignedPart": make(amend("1200", "9200")),
    // A route with an attachment, as RFC 7578 has it.
    "pass:multipart": make({ after: (c) => multipart(c, mailgunParts(c)) }),
    "pass:multipartQuoted": make({
      after: (c) => {
        multipart(c, mailgunParts(c));
        c.type = c.type.replace(/boundary=(.*)/, 'boundary="$1"');
      },
    }),
    "refuse:multipartOther": make({ after: (c) => multipart(c, mailgunParts({ ...c, token: "0" + c.token })) }),
    "refuse:multipartTwice": make({ after: (c) => multipart(c, [...mailgunParts(c), ["token", "x"]]) }),
    "refuse:multipartFile": make({ after: (c) => multipart(c, [...mailgunParts(c), ["token", "x", "x.txt"]]) }),
    "refuse:multipartBrackets": make({ after: (c) => multipart(c, [...mailgunParts(c), ["token[]", "x"]]) }),
    "refuse:multipartLines": make({
      after: (c) => {
        multipart(c, mailgunParts(c));
        c.body = c.body.replaceAll("\r\n", "\n");
      },
    }),
    "pass:form": make({
      after: (c) => {
        c.type = form;
        c.body = new URLSearchParams({ ...c.fields.signature, event: "delivered", recipient: "a@example.com" }).toString();
      },
    }),
  }),
};

// Mercado Pago signs the query's data.id, in lower case, and a header, each only
// where there is one.
const mercadoText = (c) => {
  const id = new URL(c.target, c.url).searchParams.get("data.id");
  const asked = c.headers.find(([name]) => name === "x-request-id")?.[1];
  return (id === null ? "" : `id:${c.verbatim ? id : id.toLowerCase()};`) + (asked ? `request-id:${asked};` : "") + `ts:${c.ts};`;
};
const mercado = {
  ...list("x-signature", { time: "ts", text: mercadoText, unit: "ms", tolerance: null, other: "v9" }),
  covers: false,
  signedIn: { query: "data.id" },
  signedHeaders: ["x-request-id"],
  prepare: (c) => {
    c.headers.push(["x-request-id", seed(String(Math.random()), 0).toString("hex", 0, 16)]);
    c.target += "?data.id=ABC1200&type=payment";
  },
};
mercado.more = (make) => ({
  "refuse:wrongQuery": make({ after: (c) => (c.target = c.target.replace("1200", "9200")) }),
  "pass:unsignedPart": make(amend("1200", "9200")),
  "pass:withoutHeader": make({ before: (c) => (c.headers = c.headers.filter(([name]) => name !== "x-request-id")) }),
  "pass:seconds": make({ before: (c) => (c.ts = units.s(c.ms)) }),
  // The official SDKs have taken the id as it stands since June 2026.
  "pass:verbatim": make({ before: (c) => (c.verbatim = true) }),
  "refuse:capitals": make({
    before: (c) => (c.verbatim = true),
    after: (c) => (c.target = c.target.replace("ABC1200", "abc1200")),
  }),
});

const url = { usesURL: true };
const version = (v) => ({ headers: [["X-HubSpot-Signature-Version", v]], id: undefined, event: undefined });
const cloudinaryText = (c) => [c.body, c.ts, c.secret];

export default {
  twilio,
  mandrill,
  braintree,
  adyen,
  mailgun,
  "mercado-pago": mercado,
  square: base64("x-square-hmacsha256-signature", {
    ...url,
    text: (c) => [c.url, c.body],
    id: json("event_id"),
    event: json("type", "payment.created"),
  }),
  trello: base64("X-Trello-Webhook", {
    ...url,
    algorithm: "sha1",
    text: (c) => [c.body, c.url],
    id: json("action.id"),
    event: json("action.type", "updateCard"),
  }),
  "hubspot-v1": plain("X-HubSpot-Signature", {
    ...version("v1"),
    signature: (c) => hash("sha256", [c.secret, c.body], "hex"),
  }),
  "hubspot-v2": plain("X-HubSpot-Signature", {
    ...version("v2"),
    ...url,
    signature: (c) => hash("sha256", [c.secret, c.method, c.url, c.body], "hex"),
  }),
  cloudinary: stamped("X-Cld-Signature", "X-Cld-Timestamp", {
    tolerance: 7200,
    signature: (c) => hash("sha1", cloudinaryText(c), "hex"),
    id: json("request_id"),
    event: json("notification_type", "upload"),
    // Which hash it is is a setting of the account, and so it is one of the gate.
    more: (make) => ({
      "refuse:sha256": make({
        after: (c) => (c.headers.at(-1)[1] = hash("sha256", cloudinaryText(c), "hex")),
      }),
    }),
  }),
};
