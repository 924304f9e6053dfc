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

// Coinbase's (Hook0's) header names headers that it signs, too.
const coinbaseHeaders = { "content-type": "application/json", "x-event-id": "evt-1", "x-event-type": "onchain.activity.detected" };
const coinbaseNames = Object.keys(coinbaseHeaders).join(" ");
const coinbaseV0 = (c) => mac("sha256", c.key, `${c.ts}.${c.body}`, "hex");
const onlyV0 = (c) => setHeader("X-Hook0-Signature", `t=${c.ts},v0=${coinbaseV0(c)}`)(c);

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
    more: (make) => ({
      "pass:space": make({ after: (c) => (c.headers.at(-1)[1] = c.headers.at(-1)[1].replace(",", ", ")) }),
    }),
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
    label: "v1", other: null,
    text: (c) => [c.ts, coinbaseNames, ...Object.values(coinbaseHeaders), c.body].join("."),
    carry: (c, signatures) => [
      ["X-Hook0-Signature", [`t=${c.ts}`, `v0=${coinbaseV0(c)}`, `h=${coinbaseNames}`, ...signatures.map((s) => `v1=${s}`)].join(",")],
    ],
    signedHeaders: ["x-event-id", "x-event-type"],
    id: header("X-Event-Id", "evt-1"),
    event: header("X-Event-Type", coinbaseHeaders["x-event-type"]),
    more: (make) => ({
      // A signature of v1 is one of v0, too, over a body that begins with the headers.
      "refuse:v0Alone": make({ after: onlyV0 }),
      "refuse:v1WrongHeader": make({ after: setHeader("X-Event-Type", "onchain.activity.other") }),
      "refuse:v1AsV0": make({
        after: (c) => {
          const v1 = c.headers.find(([name]) => name === "X-Hook0-Signature")[1].match(/v1=(\w+)/)[1];
          setHeader("X-Hook0-Signature", `t=${c.ts},v0=${v1}`)(c);
          c.body = [coinbaseNames, ...Object.values(coinbaseHeaders), c.body].join(".");
        },
      }),
    }),
  }),
  "revenuecat-signed": list("X-RevenueCat-Webhook-Signature", {
    several: true,
    id: json("event.id"),
    event: json("event.type", "INITIAL_PURCHASE"),
    fields: { api_version: "1.0" },
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
