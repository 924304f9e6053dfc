// Providers that send a secret itself: it says who sends, not what is sent.

import { forms, header, json, number } from "./lib.mjs";
import { basic, token } from "./families.mjs";

const own = "X-Hook-Token"; // where the operator chooses the header
const configured = { options: { token: { header: own } } };
const query = (name) => (c, [value]) => {
  c.target += `?${name}=${encodeURIComponent(value)}`;
};

// whole: the header's whole value is what the operator has chosen, here with the
// name of a scheme before it.
const whole = (options) =>
  token("Authorization", {
    form: forms.prefixed("Bearer "),
    ...options,
    more: (make) => ({
      "refuse:withoutScheme": make({ signatures: (good) => [good.replace("Bearer ", "")] }),
      ...options.more?.(make),
    }),
  });

// Auth0 sends a batch of logs: one on each line, if not told otherwise.
const auth0Logs = (c) => [{ log_id: "1", data: { type: "s" } }, { log_id: "2", data: { type: "f", ...c.fields } }];
const auth0Body = (write) => (c) => (c.body = write(auth0Logs(c)));

// graph writes the secret into every element of the body's list.
const graphBody = (states) => (c) => {
  c.fields.value = states(c).map((clientState, i) => ({
    subscriptionId: `00000000-0000-4000-8000-00000000000${i}`,
    clientState,
    changeType: "created",
    resource: `users/${i}/messages/1`,
  }));
};
const graph = (states) => ({ before: graphBody(states) });

export default {
  gitlab: token("X-Gitlab-Token", {
    id: header("Idempotency-Key"),
    event: header("X-Gitlab-Event", "Push Hook"),
    fields: { object_kind: "push" },
  }),
  telegram: token("X-Telegram-Bot-Api-Secret-Token", {
    id: json("update_id", number),
    event: undefined,
    fields: { message: { message_id: 1, text: "/start" } },
  }),
  "cloudflare-notifications": token("cf-webhook-auth", {
    id: json("alert_correlation_id"),
    event: json("alert_type", "universal_ssl_event_type"),
  }),
  "google-channel": token("X-Goog-Channel-Token", {
    id: undefined,
    event: header("X-Goog-Resource-State", "exists"),
    headers: [["X-Goog-Channel-ID", "channel-1"], ["X-Goog-Message-Number", "12"]],
  }),
  cloudevents: token("Authorization", {
    prefix: "Bearer ",
    id: header("ce-id"),
    event: header("ce-type", "com.example.order.created"),
    headers: [["ce-specversion", "1.0"], ["ce-source", "/orders"]],
    more: (make) => ({
      "pass:query": make({ signatures: () => [], after: (c) => (c.target += `?access_token=${c.secret}`) }),
      "refuse:wrongQuery": make({ n: 2, signatures: () => [], after: (c) => (c.target += `?access_token=${c.secret}`) }),
    }),
  }),
  "flutterwave-v3": token("verif-hash", { id: json("data.id", number), event: json("event", "charge.completed") }),
  bigcommerce: token(own, { ...configured, id: json("hash"), event: json("scope", "store/order/created") }),
  datadog: token(own, configured),
  okta: token("Authorization", { id: json("eventId"), event: undefined }),
  deepgram: token("dg-token"),
  auth0: whole({
    id: undefined,
    event: undefined,
    prepare: auth0Body((logs) => logs.map((log) => JSON.stringify(log) + "\n").join("")),
    more: (make) => ({
      "pass:array": make({ before: auth0Body((logs) => JSON.stringify(logs)) }),
      "pass:object": make({ before: auth0Body((logs) => JSON.stringify(logs[1])) }),
    }),
  }),
  revenuecat: whole({ id: json("event.id"), event: json("event.type", "INITIAL_PURCHASE"), fields: { api_version: "1.0" } }),
  braze: token("Authorization", {
    prefix: "Bearer ",
    id: undefined,
    event: undefined,
    prepare: (c) => {
      const event = { event_type: "users.messages.email.Open", id: "e1", properties: c.fields };
      c.body = JSON.stringify({ events: [event] });
    },
    more: (make) => ({
      "refuse:withoutScheme": make({ after: (c) => (c.headers.at(-1)[1] = c.secret) }),
      "refuse:otherScheme": make({ after: (c) => (c.headers.at(-1)[1] = `Basic ${c.secret}`) }),
    }),
  }),

  "azure-event-grid": {
    ...token("code"),
    carrier: { query: "code" },
    carry: query("code"),
    options: { token: { query: "code" } },
    id: undefined,
    event: header("aeg-event-type", "Notification"),
    prepare: (c) => {
      const event = { id: "1", eventType: "Contoso.Item", subject: "s", data: c.fields, dataVersion: "1" };
      c.body = JSON.stringify([event]);
    },
    more: (make) => ({
      "refuse:unsigned": make({ signatures: () => [""], after: (c) => (c.target = c.target.split("?")[0]) }),
      "refuse:emptyQuery": make({ signatures: () => [""] }),
      "refuse:otherCase": make({ signatures: (good) => [good.toUpperCase()] }),
    }),
  },
  mailchimp: token("token", {
    carrier: { query: "token" },
    carry: query("token"),
    type: "application/x-www-form-urlencoded",
    id: null,
    event: { form: "type", value: "subscribe" },
    prepare: (c) => {
      const member = { "data[email]": "api@example.com", "data[merges][LNAME]": "Grüße & more", "data[id]": "1200" };
      c.body = new URLSearchParams({ type: c.event, fired_at: "2026-03-26 21:35:57", ...member }).toString();
    },
    more: (make) => ({
      "refuse:unsigned": make({ after: (c) => (c.target = c.target.split("?")[0]) }),
      "refuse:emptyQuery": make({ signatures: () => [""] }),
      "refuse:inBody": make({
        after: (c) => {
          c.target = c.target.split("?")[0];
          c.body += `&token=${c.secret}`;
        },
      }),
    }),
  }),
  "microsoft-graph": {
    ...token("clientState"),
    carrier: { json: "value[].clientState" },
    carry: () => [],
    prepare: graphBody((c) => [c.secret, c.secret]),
    id: undefined,
    event: undefined,
    more: (make) => ({
      // Every element must have it, not the first alone.
      "refuse:secondElement": make(graph((c) => [c.secret, c.secret.toUpperCase()])),
      "refuse:secondWithout": make(graph((c) => [c.secret, undefined])),
      "refuse:unsigned": make(graph(() => [undefined])),
      "refuse:emptyList": make(graph(() => [])),
    }),
  },

  postmark: basic({ id: json("MessageID"), event: json("RecordType", "Delivery") }),
  "azure-devops": basic({ id: json("id"), event: json("eventType", "git.push") }),
  chargebee: basic({ id: json("id"), event: json("event_type", "subscription_created") }),
  sparkpost: basic(),
};
