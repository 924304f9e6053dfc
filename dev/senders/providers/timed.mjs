// Providers that sign a timestamp with the body.

import { forms, header, json, mac, seed, tamper, units } from "./lib.mjs";
import { base64, list, plain, stamped } from "./families.mjs";

const colon = (c) => [c.ts, ":", c.body];
const v0 = (c) => ["v0:", c.ts, ":", c.body];

// box names two headers, one for each of its two keys; either may be the right
// one. The stranger's signature fills the other.
function boxHeaders(c, [signature]) {
  const other = mac("sha256", seed("box", 2), "another body", "base64");
  const pair = c.n === 1 ? [other, signature] : [signature, other];
  return [
    ["BOX-SIGNATURE-PRIMARY", pair[0]],
    ["BOX-SIGNATURE-SECONDARY", pair[1]],
    ["BOX-SIGNATURE-VERSION", "1"],
    ["BOX-SIGNATURE-ALGORITHM", "HmacSHA256"],
  ];
}
const ascii = (text) => text.replace(/[^\x00-\x7f]/g, (u) => "\\u" + u.charCodeAt(0).toString(16).padStart(4, "0"));
const setHeader = (name, value) => (c) => (c.headers.find(([n]) => n === name)[1] = value);

// inUnit writes the timestamp in another unit, before it is signed.
const inUnit = (name, unit) => ({
  before: (c) => {
    c.ts = units[unit](c.ms);
    setHeader(name, c.ts)(c);
  },
});

const box = {
  ...base64("BOX-SIGNATURE-PRIMARY", { text: (c) => [c.body, c.ts] }),
  carrier: { header: ["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"] },
  carry: boxHeaders,
  stamp: { header: "BOX-DELIVERY-TIMESTAMP" },
  unit: "offset",
  tolerance: 600,
  id: header("BOX-DELIVERY-ID"),
  event: json("trigger", "FILE.UPLOADED"),
  more: (make) => ({
    "pass:ascii": make({ before: (c) => (c.body = ascii(JSON.stringify(c.fields))) }),
    // Box signs the rendering without non-ASCII characters, whatever is sent.
    "pass:escaped": make({
      before: (c) => (c.body = ascii(JSON.stringify(c.fields))),
      after: (c) => (c.body = JSON.stringify(c.fields)),
    }),
    "refuse:otherVersion": make({ after: setHeader("BOX-SIGNATURE-VERSION", "2") }),
    "refuse:otherAlgorithm": make({ after: setHeader("BOX-SIGNATURE-ALGORITHM", "HmacSHA1") }),
  }),
};

// contentful says in a header which headers it signs, that header among them.
const contentfulHeaders = ["x-contentful-signed-headers", "x-contentful-timestamp", "x-contentful-topic"];
function contentfulText(c) {
  const values = new Map(c.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const signed = values.get("x-contentful-signed-headers").split(",");
  return [c.method, c.target, signed.map((name) => `${name}:${values.get(name)}`).join(";"), c.body].join("\n");
}

// coinbaseBound is the part of Coinbase's (Hook0's) header that binds the headers
// it names, too: h=names,v1=..
const coinbaseBound = (c) => {
  const bound = [["content-type", c.type], ["x-event-id", "evt-1"], ["x-event-type", "onchain.activity.detected"]];
  c.headers.push(...bound.slice(1));
  const names = bound.map(([name]) => name).join(" ");
  const text = [c.ts, names, ...bound.map(([, value]) => value), c.body].join(".");
  return `h=${names},v1=${mac("sha256", c.key, text, "hex")}`;
};
const coinbase = (write, after) => ({
  after: (c) => {
    c.headers[0] = ["X-Hook0-Signature", write(c, coinbaseBound(c))];
    after?.(c);
  },
});
const boundOnly = (c, bound) => `t=${c.ts},${bound}`;
const bodyAndBound = (c, bound) => `${c.headers[0][1]},${bound}`;

export default {
  stripe: list("Stripe-Signature", {
    form: forms.prefixed("whsec_"), // text, though it looks encoded
    several: true,
    id: json("id"),
    event: json("type", "invoice.paid"),
    more: (make) => ({
      "pass:unknownVersion": make({ after: (c) => (c.headers.at(-1)[1] += ",v0=00ff,x=y") }),
    }),
  }),
  paddle: list("Paddle-Signature", {
    form: forms.prefixed("pdl_ntf_"),
    time: "ts", label: "h1", other: "h0", joint: ";",
    text: colon,
    several: true,
    tolerance: 5,
    id: json("event_id"),
    event: json("event_type", "transaction.completed"),
  }),
  calendly: list("Calendly-Webhook-Signature", { tolerance: 180, event: json("event", "invitee.created") }),
  workos: list("WorkOS-Signature", {
    unit: "ms",
    tolerance: 180,
    joint: ", ",
    id: json("id"),
    event: json("event", "user.created"),
    prepare: (c) => (c.body = JSON.stringify(c.fields)), // their SDK takes no other
  }),
  mux: list("mux-signature", { several: true, id: json("id"), event: json("type", "video.asset.ready") }),
  sanity: list("sanity-webhook-signature", {
    encoding: "base64url",
    unit: "ms",
    tolerance: null,
    id: header("idempotency-key"),
  }),
  buildkite: list("X-Buildkite-Signature", {
    time: "timestamp", label: "signature",
    tolerance: null,
    id: header("X-Buildkite-Request"),
    event: { header: "X-Buildkite-Event", json: "event", value: "build.finished" },
  }),
  persona: list("Persona-Signature", {
    several: true,
    // Each signature is a group of its own, with its time.
    carry: (c, signatures) => [["Persona-Signature", signatures.map((s) => `t=${c.ts},v1=${s}`).join(" ")]],
    id: json("data.id"),
    event: json("data.attributes.name", "inquiry.completed"),
  }),
  elevenlabs: list("ElevenLabs-Signature", { label: "v0", other: "v1", tolerance: 1800 }),
  affirm: list("X-Affirm-Signature", { label: "v0", other: "v1", algorithm: "sha512" }),
  knock: list("x-knock-signature", { label: "s", other: "v", encoding: "base64", unit: "ms" }),
  "cloudflare-stream": list("Webhook-Signature", {
    time: "time", label: "sig1", other: "sig0",
    id: json("uid"),
    event: json("status.state", "ready"),
  }),
  "coinbase-cdp": list("X-Hook0-Signature", {
    label: "v0", other: "v9",
    more: (make) => ({
      "pass:v0AndV1": make(coinbase(bodyAndBound)), // as they are sent
      "pass:v1": make(coinbase(boundOnly)),
      "refuse:v1WrongHeader": make(coinbase(boundOnly, setHeader("x-event-type", "onchain.activity.other"))),
      "refuse:v1WrongBody": make(coinbase(boundOnly, tamper)),
    }),
  }),
  recurly: list("recurly-signature", {
    unit: "ms",
    several: true,
    carry: (c, signatures) => [["recurly-signature", [c.ts, ...signatures].join(",")]],
    other: null, // positions, no labels
  }),

  slack: stamped("X-Slack-Signature", "X-Slack-Request-Timestamp", {
    prefix: "v0=",
    text: v0,
    id: json("event_id"),
    event: json("event.type", "app_mention"),
    fields: { type: "event_callback" },
    more: (make) => ({
      "pass:form": make({
        before: (c) => {
          c.type = "application/x-www-form-urlencoded";
          c.body = "token=t&command=%2Fweather&text=94070+K%C3%B6ln&response_url=https%3A%2F%2Fexample.com%2F1";
        },
      }),
    }),
  }),
  zoom: stamped("x-zm-signature", "x-zm-request-timestamp", {
    prefix: "v0=",
    text: v0,
    id: header("x-zm-trackingid"),
    event: json("event", "meeting.started"),
  }),
  hubspot: stamped("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp", {
    encoding: "base64",
    unit: "ms",
    usesURL: true,
    text: (c) => [c.method, c.url, c.body, c.ts],
    id: undefined,
    event: undefined,
    // HubSpot signs the URL with twelve escapes undone, and leaves the others.
    more: (make) => ({
      "origin:decodedQuery": make({
        before: (c) => {
          c.target += "?next=%2Fa%3Ab%40c%26d%20e";
          c.url += "?next=/a:b@c%26d%20e";
        },
      }),
    }),
  }),
  box,
  zendesk: stamped("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp", {
    form: forms.base64Text,
    encoding: "base64",
    unit: "rfc3339",
    tolerance: null,
    text: (c) => [c.ts, c.body],
    id: header("X-Zendesk-Webhook-Invocation-Id"),
    event: json("type", "zen:event-type:ticket.created"),
  }),
  twitch: stamped("Twitch-Eventsub-Message-Signature", "Twitch-Eventsub-Message-Timestamp", {
    prefix: "sha256=",
    unit: "nanos",
    tolerance: 600,
    text: (c) => [c.id, c.ts, c.body],
    signedHeaders: ["Twitch-Eventsub-Message-Id"],
    id: header("Twitch-Eventsub-Message-Id"),
    event: undefined,
    headers: [["Twitch-Eventsub-Message-Type", "notification"], ["Twitch-Eventsub-Subscription-Type", "channel.follow"]],
  }),
  "customer-io": stamped("X-CIO-Signature", "X-CIO-Timestamp", { text: v0, id: json("event_id"), event: undefined }),
  front: stamped("X-Front-Signature", "X-Front-Request-Timestamp", {
    encoding: "base64",
    unit: "ms",
    text: colon,
    event: json("type", "message_received"),
  }),
  lob: stamped("Lob-Signature", "Lob-Signature-Timestamp", {
    text: (c) => [c.ts, ".", c.body],
    id: json("id"),
    event: json("event_type.id", "letter.created"),
    // Receivers report both units.
    more: (make) => ({
      "pass:milliseconds": make(inUnit("Lob-Signature-Timestamp", "ms")),
    }),
  }),
  webflow: stamped("x-webflow-signature", "x-webflow-timestamp", { unit: "ms", text: colon }),
  klaviyo: stamped("Klaviyo-Signature", "Klaviyo-Timestamp", {
    unit: "httpDate",
    tolerance: null,
    text: (c) => [c.body, c.ts],
    headers: [["Klaviyo-Webhook-Id", "01HK0WEBHOOK"]],
    fields: { meta: { klaviyo_webhook_id: "01HK0WEBHOOK" } },
  }),
  sinch: stamped("x-sinch-webhook-signature", "x-sinch-webhook-signature-timestamp", {
    encoding: "base64",
    text: (c) => [c.body, ".", c.nonce, ".", c.ts],
    signedHeaders: ["x-sinch-webhook-signature-nonce"],
    headers: [["x-sinch-webhook-signature-algorithm", "HmacSHA256"]],
    prepare: (c) => {
      c.nonce = seed(String(c.ms), c.n).toString("hex", 0, 13).toUpperCase();
      c.headers.push(["x-sinch-webhook-signature-nonce", c.nonce]);
    },
  }),
  contentful: stamped("x-contentful-signature", "x-contentful-timestamp", {
    form: forms.lowerHex,
    unit: "ms",
    tolerance: 30,
    text: contentfulText,
    id: header("X-Contentful-Idempotency-Key"),
    event: header("X-Contentful-Topic", "ContentManagement.Entry.publish"),
    headers: [["x-contentful-signed-headers", contentfulHeaders.join(",")]],
    signedHeaders: ["X-Contentful-Topic"],
    type: "application/vnd.contentful.management.v1+json",
    more: (make) => ({
      // What is not in the list is not signed: a time outside of it proves nothing.
      "refuse:unlistedTimestamp": make({
        before: setHeader("x-contentful-signed-headers", "x-contentful-signed-headers,x-contentful-topic"),
      }),
    }),
  }),

  // These write the time into the body that they sign.
  linear: plain("Linear-Signature", {
    stamp: { json: "webhookTimestamp", number: true },
    unit: "ms",
    tolerance: 60,
    id: header("Linear-Delivery"),
    event: header("Linear-Event", "Issue"),
    fields: { type: "Issue", action: "create" },
  }),
  pusher: plain("X-Pusher-Signature", {
    stamp: { json: "time_ms", number: true },
    unit: "ms",
    tolerance: null,
    event: undefined,
    options: { senders: ["pusherkey0000000001", "pusherkey0000000002"] },
    fields: { events: [{ name: "channel_occupied", channel: "presence-room" }] },
    carry: (c, [signature]) => [
      ["X-Pusher-Key", `pusherkey000000000${c.n + 1}`],
      ["X-Pusher-Signature", signature],
    ],
    more: (make) => ({
      "refuse:otherSender": make({ after: (c) => (c.headers.find(([n]) => n === "X-Pusher-Key")[1] = "pusherkey9") }),
    }),
  }),
};
