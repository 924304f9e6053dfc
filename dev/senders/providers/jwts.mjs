// Providers that sign with JSON Web Tokens (RFC 7519), or with detached JSON Web Signatures
// (RFC 7515, appendix F). Tokens are put together by the RFC's rule.

import { createHash, createHmac, generateKeyPairSync, randomUUID, sign as cryptoSign } from "node:crypto";

import { forms, header, json } from "./lib.mjs";

const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const digest = (c, encoding) => createHash("sha256").update(c.body).digest(encoding);
const seconds = (c) => Math.floor(c.ms / 1000);

// The keys are made at run time, one of each kind for each provider and number.
const kinds = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "prime256v1" }),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const pairs = new Map();
const pair = (kind, slug, n) => {
  const name = `${kind} ${slug} ${n}`;
  if (!pairs.has(name)) {
    pairs.set(name, kinds[kind]());
  }
  return pairs.get(name);
};
const pem = (kind) => ({
  option: "publicKeys",
  text: (slug, n) => pair(kind, slug, n).publicKey.export({ type: "spki", format: "pem" }),
  key: (slug, n) => pair(kind, slug, n).privateKey,
});
const kid = (slug, n) => `${slug}-${n}`;
const jwk = (kind, more) => ({
  option: "publicKeys",
  text: (slug, n) =>
    JSON.stringify({ ...pair(kind, slug, n).publicKey.export({ format: "jwk" }), kid: kid(slug, n), use: "sig", ...more }),
  key: (slug, n) => pair(kind, slug, n).privateKey,
});

// jws signs by an algorithm of RFC 7518.
const jws = (alg, key, input) => {
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith("HS")) {
    return createHmac(hash, key).update(input).digest("base64url");
  }
  return cryptoSign(hash, Buffer.from(input), alg.startsWith("ES") ? { key, dsaEncoding: "ieee-p1363" } : key).toString("base64url");
};
const token = (alg, key, head, claims) => {
  const input = `${b64(JSON.stringify({ alg, ...head }))}.${b64(JSON.stringify(claims))}`;
  return `${input}.${jws(alg, key, input)}`;
};

const life = 300;
const times = (c) => ({ iat: seconds(c), nbf: seconds(c), exp: seconds(c) + life });
const fresh = { unit: "s", tolerance: life, stamp: {} };

// inHeader: a token in a header, whose claims follow from the request.
const inHeader = (name, { prefix = "", alg = "HS256", head = () => ({ typ: "JWT" }), claims, ...rest }) => ({
  form: forms.text,
  covers: true,
  carrier: { header: [name] },
  id: null,
  event: null,
  signature: (c) => token(alg, c.key, head(c), claims(c)),
  carry: (c, signatures) => signatures.map((one) => [name, prefix + one]),
  ...rest,
});

// asBody: the token is the body, and what it says is the delivery.
const asBody = ({ alg = "RS256", type = "application/jwt", head = () => ({ typ: "JWT" }), claims, ...rest }) => ({
  form: pem("RS256"),
  type,
  covers: false,
  signedIn: { json: [] },
  carrier: {},
  id: null,
  event: null,
  signature: (c) => token(alg, c.key, head(c), claims(c)),
  carry: (c, [one]) => {
    c.body = one;
  },
  more: (make) => ({
    "refuse:empty": make({ after: (c) => (c.body = "") }),
    "refuse:otherClaims": make({ after: (c) => (c.body = swapped(c.body)) }),
    "refuse:lineEnd": make({ after: (c) => (c.body += "\n") }),
  }),
  ...rest,
});
// swapped puts other claims into a token.
const swapped = (text) => {
  const [head, claims, signature] = text.split(".");
  return [head, b64(JSON.stringify({ ...JSON.parse(Buffer.from(claims, "base64url")), amount: 9200 })), signature].join(".");
};

// inField: the token is one field of a JSON body.
const inField = (name, { alg, claims, head = () => ({}), ...rest }) => ({
  form: pem("RS256"),
  covers: false,
  signedIn: { json: [name] },
  carrier: { json: name },
  id: null,
  event: null,
  signature: (c) => token(alg, c.key, head(c), claims(c)),
  carry: (c, [one]) => {
    c.body = JSON.stringify({ [name]: one });
  },
  more: (make) => ({
    "refuse:otherClaims": make({ after: (c) => (c.body = JSON.stringify({ [name]: swapped(JSON.parse(c.body)[name]) })) }),
    "refuse:missing": make({ after: (c) => (c.body = "{}") }),
  }),
  ...rest,
});

// detached: the body is what is signed, and the header has the rest.
const detached = (name, { alg, head = () => ({}), raw = false, ...rest }) => ({
  form: pem("RS256"),
  covers: true,
  carrier: { header: [name] },
  id: null,
  event: null,
  signature: (c) => {
    const start = b64(JSON.stringify({ alg, ...head(c) }));
    return `${start}..${jws(alg, c.key, `${start}.${raw ? c.body : b64(c.body)}`)}`;
  },
  carry: (c, signatures) => signatures.map((one) => [name, one]),
  more: (make) => ({
    "refuse:attached": make({ signatures: (good) => [good.replace("..", `.${b64("{}")}.`)] }),
  }),
  ...rest,
});

// What is bound to the request line: another path is another request.
const otherPath = (make) => ({
  "refuse:otherQuery": make({ after: (c) => (c.target += "?x=1") }),
});

const apple = "com.example.app";
const audience = (slug) => `https://hooks.example.com/${slug}`;

const pick = (all, ...names) => Object.fromEntries(names.map((name) => [name, all[name]]));

const graphClaims = (c) => ({
  aud: "8e460676-ae3f-4b1e-8790-ee0fb5d6148f",
  iss: "https://sts.windows.net/t/",
  ...times(c),
  appid: "0bf30f3b-4a52-48df-9a82-234910c4a086",
  tid: "t",
  ver: "1.0",
});

// chat: Google Chat, whose token depends on what the app's audience is.
const chat = (slug, claims) =>
  inHeader("Authorization", {
    ...fresh,
    prefix: "Bearer ",
    alg: "RS256",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    covers: false,
    signedIn: null,
    options: { jwt: { audiences: [claims.aud] } },
    claims: (c) => ({ ...claims, iat: seconds(c), exp: seconds(c) + life }),
  });

export default {
  vonage: inHeader("Authorization", {
    saysTime: true,
    prefix: "Bearer ",
    claims: (c) => ({ iat: seconds(c), jti: randomUUID(), iss: "Vonage", application_id: "a", payload_hash: digest(c, "hex") }),
  }),
  netlify: inHeader("X-Webhook-Signature", { claims: (c) => ({ iss: "netlify", sha256: digest(c, "hex") }) }),
  messagebird: inHeader("MessageBird-Signature-JWT", {
    ...fresh,
    usesURL: true,
    claims: (c) => ({
      iss: "MessageBird",
      ...times(c),
      jti: randomUUID(),
      url_hash: createHash("sha256").update(c.url).digest("hex"),
      payload_hash: digest(c, "hex"),
    }),
    more: otherPath,
  }),
  "upstash-qstash": inHeader("Upstash-Signature", {
    ...fresh,
    usesURL: true,
    id: { value: () => randomUUID() },
    claims: (c) => ({ iss: "Upstash", sub: c.url, ...times(c), jti: c.id, body: digest(c, "base64url") + "=" }),
    more: otherPath,
  }),
  livekit: inHeader("Authorization", {
    ...fresh,
    type: "application/webhook+json",
    id: json("id"),
    event: json("event", "room_started"),
    options: { jwt: { issuers: ["APIkey"] } },
    claims: (c) => ({ iss: "APIkey", ...times(c), sha256: digest(c, "base64") }),
  }),
  fusionauth: inHeader("X-FusionAuth-Signature-JWT", {
    id: json("event.id"),
    event: json("event.type", "user.create"),
    claims: (c) => ({ request_body_sha256: digest(c, "base64") }),
  }),
  monday: inHeader("Authorization", {
    ...fresh,
    usesURL: true,
    covers: false,
    signedIn: null,
    event: json("event.type", "create_pulse"),
    claims: (c) => ({ accountId: 1, userId: 2, aud: c.url, ...times(c) }),
    more: otherPath,
  }),
  "atlassian-connect": inHeader("Authorization", {
    ...fresh,
    prefix: "JWT ",
    covers: false,
    signedIn: null,
    event: json("webhookEvent", "jira:issue_created"),
    options: { jwt: { issuers: ["client-key"] } },
    claims: (c) => ({
      iss: "client-key",
      ...times(c),
      qsh: createHash("sha256").update(`POST&${c.target}&`).digest("hex"),
    }),
    more: otherPath,
  }),
  plaid: inHeader("Plaid-Verification", {
    unit: "s",
    tolerance: 300,
    stamp: {},
    form: jwk("ES256", { alg: "ES256" }),
    alg: "ES256",
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    event: json("webhook_code", "SYNC_UPDATES_AVAILABLE"),
    claims: (c) => ({ iat: seconds(c), request_body_sha256: digest(c, "hex") }),
  }),
  kinde: asBody({
    form: jwk("RS256"),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "jwt" }),
    id: { value: () => `event_${randomUUID()}` },
    event: { value: "user.created" },
    claims: (c) => ({ type: c.event, event_id: c.id, timestamp: new Date(c.ms).toISOString(), data: c.fields }),
  }),
  wix: asBody({ ...fresh, type: "text/plain", claims: (c) => ({ data: JSON.stringify({ data: JSON.stringify(c.fields) }), iat: seconds(c), exp: seconds(c) + life }) }),
  secevent: asBody({
    saysTime: true,
    type: "application/secevent+jwt",
    head: () => ({ typ: "secevent+jwt" }),
    id: { value: () => randomUUID() },
    options: { jwt: { issuers: ["https://idp.example.com"], audiences: ["https://sp.example.com"] } },
    claims: (c) => ({
      iss: "https://idp.example.com",
      aud: ["https://sp.example.com"],
      iat: seconds(c),
      jti: c.id,
      sub_id: { format: "opaque", id: "u1" },
      events: { "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {} },
    }),
  }),
  fireblocks: detached("Fireblocks-Webhook-Signature", {
    alg: "RS512",
    form: jwk("RS256", { alg: "RS512" }),
    head: (c) => ({ kid: kid(c.slug, c.n) }),
    id: json("id"),
    event: json("eventType", "transaction.created"),
  }),
  saleor: detached("Saleor-Signature", {
    alg: "RS256",
    raw: true,
    form: jwk("RS256"),
    head: (c) => ({ b64: false, kid: kid(c.slug, c.n), typ: "JWT" }),
    event: header("Saleor-Event", "order_created"),
  }),
  "constant-contact": detached("x-ctct-webhook-sig", {
    alg: "RS256",
    raw: true,
    head: (c) => ({ b64: false, crit: ["b64"], ts: seconds(c) }),
  }),
  lago: inHeader("X-Lago-Signature", {
    alg: "RS256",
    form: pem("RS256"),
    head: () => ({}),
    id: header("X-Lago-Unique-Key"),
    event: json("webhook_type", "invoice.created"),
    headers: [["X-Lago-Signature-Algorithm", "jwt"]],
    claims: (c) => ({ data: c.body, iss: "https://api.getlago.com" }),
  }),
  "apple-appstore": inField("signedPayload", {
    saysTime: true,
    alg: "ES256",
    form: pem("ES256"),
    id: { value: () => randomUUID() },
    event: { value: "SUBSCRIBED" },
    options: { jwt: { claims: [`data.bundleId=${apple}`, "data.environment=Production"] } },
    claims: (c) => ({
      notificationType: c.event,
      notificationUUID: c.id,
      signedDate: c.ms,
      version: "2.0",
      data: { bundleId: apple, environment: "Production" },
    }),
  }),
  "apple-signin": inField("payload", {
    saysTime: true,
    alg: "RS256",
    form: jwk("RS256"),
    head: (c) => ({ kid: kid(c.slug, c.n) }),
    id: { value: () => randomUUID() },
    options: { jwt: { audiences: [apple] } },
    claims: (c) => ({
      iss: "https://appleid.apple.com",
      aud: apple,
      iat: seconds(c),
      exp: seconds(c) + 86400,
      jti: c.id,
      events: JSON.stringify({ type: "consent-revoked", sub: "u", event_time: c.ms }),
    }),
  }),
  "google-pubsub": inHeader("Authorization", {
    ...fresh,
    prefix: "Bearer ",
    alg: "RS256",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    covers: false,
    signedIn: null,
    id: json("message.messageId"),
    options: { jwt: { audiences: [audience("google-pubsub")], claims: ["email=pubsub@p.iam.gserviceaccount.com", "email_verified=true"] } },
    claims: (c) => ({
      aud: audience("google-pubsub"),
      azp: "113774264463038321964",
      email: "pubsub@p.iam.gserviceaccount.com",
      email_verified: true,
      iat: seconds(c),
      exp: seconds(c) + life,
      iss: "https://accounts.google.com",
      sub: "113774264463038321964",
    }),
  }),
  "google-chat": chat("google-chat", {
    iss: "https://accounts.google.com",
    aud: audience("google-chat"),
    email: "chat@system.gserviceaccount.com",
    email_verified: true,
  }),
  "google-chat-project": chat("google-chat-project", { iss: "chat@system.gserviceaccount.com", aud: "1234567890" }),
  "google-risc": asBody({
    saysTime: true,
    type: "application/secevent+jwt",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    id: { value: () => randomUUID() },
    options: { jwt: { audiences: ["123-abc.apps.googleusercontent.com"] } },
    claims: (c) => ({
      iss: "https://accounts.google.com/",
      aud: "123-abc.apps.googleusercontent.com",
      iat: seconds(c),
      jti: c.id,
      events: { "https://schemas.openid.net/secevent/risc/event-type/sessions-revoked": { subject: { subject_type: "iss-sub", iss: "https://accounts.google.com/", sub: "7375626A656374" } } },
    }),
  }),
  "okta-ssf": asBody({
    saysTime: true,
    type: "application/secevent+jwt",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "secevent+jwt" }),
    id: { value: () => randomUUID() },
    options: { jwt: { issuers: ["https://org.okta.com"], audiences: ["https://sp.example.com"] } },
    claims: (c) => ({
      iss: "https://org.okta.com",
      aud: "https://sp.example.com",
      iat: seconds(c),
      jti: c.id,
      sub_id: { format: "iss_sub", iss: "https://org.okta.com", sub: "00uabc" },
      events: { "https://schemas.openid.net/secevent/caep/event-type/session-revoked": { event_timestamp: seconds(c) } },
    }),
  }),
  hanko: inField("token", {
    ...fresh,
    alg: "RS256",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    event: { value: "user.create" },
    options: { jwt: { audiences: ["example.com"] } },
    claims: (c) => ({ sub: "hanko webhooks", ...pick(times(c), "iat", "exp"), aud: ["example.com"], data: c.fields, evt: c.event }),
    carry: (c, [one]) => {
      c.body = JSON.stringify({ token: one, event: c.event });
    },
  }),
  "microsoft-graph-rich": inField("validationTokens", {
    ...fresh,
    alg: "RS256",
    form: jwk("RS256", { alg: "RS256" }),
    head: (c) => ({ kid: kid(c.slug, c.n), typ: "JWT" }),
    signedIn: { json: ["validationTokens[]"] },
    carrier: { json: "validationTokens[]" },
    event: { value: "created" },
    options: { jwt: { audiences: ["8e460676-ae3f-4b1e-8790-ee0fb5d6148f"], issuers: ["https://sts.windows.net/t/"] } },
    claims: (c) => graphClaims(c),
    carry: (c, tokens) => {
      c.body = JSON.stringify({ value: [{ changeType: c.event, tenantId: "t" }], validationTokens: tokens });
    },
    more: (make) => ({
      "pass:twoTokens": make({ signatures: (good) => [good, good] }),
      "refuse:oneOfTwo": make({ signatures: (good) => [good, swapped(good)] }),
      "refuse:otherClaims": make({ signatures: (good) => [swapped(good)] }),
      "refuse:noTokens": make({ signatures: () => [] }),
      "refuse:missing": make({ after: (c) => (c.body = "{}") }),
    }),
  }),
};
