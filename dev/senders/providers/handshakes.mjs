// What providers ask before they deliver, the answers they expect, and questions
// that must not be answered. A question to be refused is one that the provider
// would never ask: only those that leave no doubt are listed.

import { build, hash, mac, publicURL, request } from "./lib.mjs";

const ask = (method, slug, { query, headers = [], body = "" } = {}) => ({
  method,
  target: `/${slug}/in${query ? "?" + new URLSearchParams(query) : ""}`,
  headers,
  bodyBase64: Buffer.from(body).toString("base64"),
});
const text = (body, headers = {}) => ({ status: 200, contentType: "text/plain", body, json: null, headers });
const object = (value) => ({ status: 200, contentType: "application/json", body: null, json: value, headers: {} });
const empty = (status, headers = {}) => ({ status, contentType: null, body: null, json: null, headers });

const script = "<script>alert(1)</script>";
const challenge = "9f1b7c3e5d2a4f608b1c";

// echo is a question whose value comes back: as it was asked, by text or object.
const echo = (slug, name, query, answer, bad = [script]) => ({
  name,
  request: ask("GET", slug, { query }),
  response: answer,
  refuse: bad.map((other) => ask("GET", slug, { query: typeof other === "string" ? swap(query, other) : other })),
});
// swap replaces the last of a query's values.
const swap = (query, value) => ({ ...query, [Object.keys(query).at(-1)]: value });

// posted is a signed POST with this body; what is signed wrongly is refused.
function posted(slug, entry, name, body, response, { headers = () => [], ...more } = {}) {
  const make = (n, signed = true) =>
    request(
      build(slug, entry, {
        n,
        before: (c) => {
          c.body = JSON.stringify(body);
          c.headers.push(...headers(c));
        },
        after: (c) => signed || (c.headers = c.headers.filter(([h]) => !entry.carrier.header.includes(h))),
      }),
    );
  return { name, request: make(0), response, refuse: [make(2), make(0, false)], ...more };
}

const options = (slug, headers, query) => ({
  name: "options",
  request: ask("OPTIONS", slug, { headers, query }),
  // The origin itself is as right as the asterisk. WebHook-Allowed-Rate must be
  // there, too: a number or the asterisk.
  response: empty(200, { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*" }),
  otherwise: [empty(200, { "WebHook-Allowed-Origin": headers[0][1] })],
});

// head is a look at the URL, unsigned, that wants nothing but 200.
const head = (slug) => [{ name: "head", request: ask("HEAD", slug), response: empty(200), refuse: [] }];

// hub is what a WebSub hub asks; the token is in a parameter of this name.
const hub = (parameter) => (slug, entry) => {
  const query = {
    "hub.mode": "subscribe",
    "hub.topic": "https://example.com/feed",
    [parameter]: entry.options.verifyToken,
    "hub.challenge": "abc123",
  };
  const { [parameter]: _, ...without } = query;
  const bad = [
    script,
    without,
    { ...query, [parameter]: "another" },
    { ...query, [parameter]: "" },
    { ...query, [parameter]: entry.form.text(slug, 0) },
    { ...query, "hub.mode": "unsubscribe" },
  ];
  return [echo(slug, "subscribe", query, text("abc123"), bad)];
};

// sslCheck is how Slack looks whether a certificate is good: unsigned, and nothing else.
function sslCheck(slug) {
  const headers = [["Content-Type", "application/x-www-form-urlencoded"]];
  const asked = (body) => ask("POST", slug, { headers, body });
  const bad = ["ssl_check=10&token=t", "ssl_check=1&token=t&command=%2Fdeploy", "ssl_check=1&ssl_check=1&token=t", "token=t"];
  return { name: "ssl_check", request: asked("ssl_check=1&token=t"), response: empty(200), refuse: bad.map(asked) };
}

const makers = {
  slack: (slug, entry) => [
    posted(slug, entry, "url_verification", { token: "t", challenge, type: "url_verification" }, text(challenge), {
      otherwise: [object({ challenge })],
    }),
    sslCheck(slug),
  ],
  meta: (slug, entry) => {
    const query = { "hub.mode": "subscribe", "hub.verify_token": entry.options.verifyToken, "hub.challenge": "1158201444" };
    const bad = [
      script,
      { ...query, "hub.verify_token": "another" },
      { ...query, "hub.verify_token": "" },
      { ...query, "hub.verify_token": entry.form.text(slug, 0) },
      { ...query, "hub.mode": "other" },
      { "hub.mode": "subscribe", "hub.challenge": "1158201444" },
    ];
    return [echo(slug, "subscribe", query, text("1158201444"), bad)];
  },
  zoom: (slug, entry) => {
    const question = (plainToken) => ({ event: "endpoint.url_validation", event_ts: Date.now(), payload: { plainToken } });
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const encryptedToken = mac("sha256", entry.form.key(slug, 0), plainToken, "hex");
    const made = posted(slug, entry, "url_validation", question(plainToken), object({ plainToken, encryptedToken }));
    // A token of this shape, if answered, would be a signature under the key of
    // the deliveries.
    const oracle = posted(slug, entry, "", question(`v0:${Math.floor(Date.now() / 1000)}:{}`), null);
    return [{ ...made, refuse: [...made.refuse, ...oracle.refuse] }];
  },
  dropbox: (slug) => [
    echo(slug, "challenge", { challenge }, text(challenge, { "X-Content-Type-Options": "nosniff" })),
  ],
  "x-twitter": (slug, entry) => {
    const token = "9b4507b3-9040-4669-9ca3-6b94edb50553";
    const response_token = "sha256=" + mac("sha256", entry.form.key(slug, 0), token, "base64");
    return [echo(slug, "crc", { crc_token: token }, object({ response_token }), [script, '{"a":1}', ""])];
  },
  "microsoft-graph": (slug) => {
    // Real tokens have spaces and colons.
    const token =
      "Validation: Testing client application reachability for subscription Request-Id: " +
      "a569c869-d75d-4206-a9aa-cf02642cffed";
    const headers = [["Content-Type", "text/plain; charset=utf-8"]];
    const asked = (validationToken) => ask("POST", slug, { query: { validationToken }, headers });
    return [{ name: "validationToken", request: asked(token), response: text(token), refuse: [asked(script)] }];
  },
  "azure-event-grid": (slug, entry) => {
    const code = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6";
    const body = JSON.stringify([
      {
        id: "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        topic: "/subscriptions/1",
        subject: "",
        data: { validationCode: code, validationUrl: "https://rp-eastus2.eventgrid.azure.net/validate?id=1" },
        eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
        eventTime: new Date().toISOString(),
        metadataVersion: "1",
        dataVersion: "1",
      },
    ]);
    const headers = [["Content-Type", "application/json"], ["aeg-event-type", "SubscriptionValidation"]];
    const validate = (query) => ask("POST", slug, { query, headers, body });
    const secret = { code: entry.form.text(slug, 0) };
    const wrong = { code: entry.form.text(slug, 2) };
    const from = (origin) => [["WebHook-Request-Origin", origin]];
    return [
      {
        name: "validation",
        request: validate(secret),
        response: object({ validationResponse: code }),
        refuse: [validate(wrong), validate()],
      },
      {
        ...options(slug, from("eventgrid.azure.net"), secret),
        refuse: [
          ask("OPTIONS", slug, { query: secret }),
          ask("OPTIONS", slug, { query: secret, headers: from("eventgrid.azure.us.example.com") }),
        ],
      },
      { ...options(slug, from("eventgrid.azure.us"), secret), name: "government", refuse: [] },
    ];
  },
  cloudevents: (slug) => [
    {
      ...options(slug, [["WebHook-Request-Origin", "eventemitter.example.com"], ["WebHook-Request-Rate", "120"]]),
      refuse: [ask("OPTIONS", slug), ask("OPTIONS", slug, { headers: [["WebHook-Request-Origin", script]] })],
    },
  ],
  okta: (slug, entry) => {
    const asked = (value) =>
      ask("GET", slug, {
        headers: [["Authorization", entry.form.text(slug, 0)], ["X-Okta-Verification-Challenge", value]],
      });
    const response = object({ verification: challenge });
    return [{ name: "verification", request: asked(challenge), response, refuse: [asked(script)] }];
  },
  asana: (slug, entry) => {
    const asked = (value) =>
      ask("POST", slug, { headers: [["Content-Type", "application/json"], ["X-Hook-Secret", value]], body: "{}" });
    const secret = entry.form.text(slug, 0);
    const response = empty(200, { "X-Hook-Secret": secret });
    const otherwise = [{ ...response, status: 204 }];
    return [{ name: "secret", request: asked(secret), response, otherwise, refuse: [asked(script)] }];
  },
  twitch: (slug, entry) => {
    const body = { challenge, subscription: { id: "f1c2a387-161a-49f9-a165-0f21d7a4e1c4", type: "channel.follow" } };
    const change = (c) => {
      c.headers.find(([name]) => name === "Twitch-Eventsub-Message-Type")[1] = "webhook_callback_verification";
      return [];
    };
    return [posted(slug, entry, "callback_verification", body, text(challenge), { headers: change })];
  },
  trello: head,
  intercom: head,
  mandrill: head,
  front: (slug, entry) => [
    posted(slug, entry, "challenge", { type: "sync" }, text(challenge), {
      headers: () => [["X-Front-Challenge", challenge]],
      otherwise: [object({ challenge })],
    }),
  ],
  linkedin: (slug, entry) => {
    const challengeCode = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    const challengeResponse = mac("sha256", entry.form.key(slug, 0), challengeCode, "hex");
    // Were another text answered, the answer would sign a delivery.
    const bad = [script, 'hmacsha256={"amount":1200}', "hmacsha256=", ""];
    return [echo(slug, "challengeCode", { challengeCode }, object({ challengeCode, challengeResponse }), bad)];
  },
  xero: (slug, entry) => {
    const body = { events: [], firstEventSequence: 0, lastEventSequence: 0, entropy: "S0m3r4nd0mt3xt" };
    return [posted(slug, entry, "intent_to_receive", body, empty(200))];
  },
  discord: (slug, entry) => [
    posted(slug, entry, "ping", { id: "1", application_id: "2", type: 1, token: "t", version: 1 }, object({ type: 1 })),
    posted(slug, entry, "webhook_ping", { version: 1, application_id: "2", type: 0 }, empty(204)),
  ],
  braintree: (slug, entry) => {
    const asked = "20f9f8ed05f77439fe955c977e4c8a53";
    const key = hash("sha1", entry.form.text(slug, 0));
    const answer = `${entry.options.senders[0]}|${mac("sha1", key, asked, "hex")}`;
    const bad = ["bad challenge", "PG5vdGlmaWNhdGlvbj4=\n", ""];
    return [echo(slug, "bt_challenge", { bt_challenge: asked }, text(answer), bad)];
  },
  ebay: (slug, entry) => {
    const code = "a8628072-3d33-45ee-9004-bee86830a22d";
    const challengeResponse = hash("sha256", [code, entry.options.verifyToken, publicURL(slug)], "hex");
    return [echo(slug, "challenge_code", { challenge_code: code }, object({ challengeResponse }))];
  },
  adobe: (slug) => {
    const asked = "8ec8d794-d0a8-4b5b-b4d3-0fae8ba3cd79";
    const bad = [script, "8ec8d794 d0a8", "8ec8d794:d0a8", "8ec8d794\nd0a8", '{"a":1}', ""];
    return [echo(slug, "challenge", { challenge: asked }, text(asked), bad)];
  },
  mailchimp: (slug, entry) => {
    // The URL is asked for as it was entered, with the token.
    const asked = ask("GET", slug, { query: { token: entry.form.text(slug, 0) } });
    return [{ name: "get", request: asked, response: { ...empty(200), body: "" }, refuse: [] }];
  },
  websub: hub("verify_token"),
  youtube: hub("hub.verify_token"),
  woocommerce: (slug) => {
    const headers = [["Content-Type", "application/x-www-form-urlencoded"]];
    const asked = (body) => ask("POST", slug, { headers, body });
    const refuse = [asked("webhook_id=17&amount=1200"), asked("amount=1200"), asked("webhook_id=%3Cb%3E")];
    return [{ name: "ping", request: asked("webhook_id=17"), response: empty(200), refuse }];
  },
};

export const handshakes = (slug, entry) => makers[slug]?.(slug, entry) ?? [];
