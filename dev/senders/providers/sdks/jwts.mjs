// SDKs of those who sign with JSON Web Tokens, and jose for those who have none.

import { createHash, createPublicKey } from "node:crypto";

import { load, parsed, secret } from "./load.mjs";

// byJose verifies with the first of the gate's keys, and says whether the claims hold.
const byJose = (algorithms, tokenOf, holds = () => true, more = {}) => ({
  sdk: "jose",
  verify: async (r, line) => {
    const { jwtVerify, importJWK } = await import("jose");
    const text = line.options.publicKeys?.[0];
    const key = !text
      ? new TextEncoder().encode(secret(line))
      : text.startsWith("{")
        ? await importJWK(JSON.parse(text), algorithms[0])
        : createPublicKey(text);
    const { payload } = await jwtVerify(tokenOf(r), key, { algorithms, ...more.options });
    return holds(payload, r, line);
  },
  ...more.judge,
});
const bearer = (r) => r.headers.authorization.replace(/^[Bb]earer /, "");
const digest = (r, encoding) => createHash("sha256").update(r.body).digest(encoding);
const hashed = (claim, encoding) => (payload, r) => payload[claim] === digest(r, encoding);

// detached verifies a signature whose payload is the body.
const detached = (name, algorithm) => ({
  sdk: "jose",
  verify: async (r, line) => {
    const { flattenedVerify, importJWK } = await import("jose");
    const text = line.options.publicKeys[0];
    const key = text.startsWith("{") ? await importJWK(JSON.parse(text), algorithm) : createPublicKey(text);
    const [start, , signature] = r.headers[name].split(".");
    const raw = JSON.parse(Buffer.from(start, "base64url")).b64 === false;
    const payload = raw ? r.body : Buffer.from(r.body).toString("base64url");
    await flattenedVerify({ protected: start, payload, signature }, key, { algorithms: [algorithm] });
    return true;
  },
});

export default {
  "upstash-qstash": {
    sdk: "@upstash/qstash",
    verify: async (r, line) => {
      const { Receiver } = await import("@upstash/qstash");
      const [currentSigningKey, nextSigningKey] = line.options.secrets;
      return new Receiver({ currentSigningKey, nextSigningKey }).verify({
        signature: r.headers["upstash-signature"],
        body: r.body,
        url: line.options.publicURL,
      });
    },
    also: ["secondSecret"],
    not: ["stale"],
  },
  livekit: {
    sdk: "livekit-server-sdk",
    verify: async (r, line) => {
      const { WebhookReceiver } = await load("livekit-server-sdk").then((m) => (m.WebhookReceiver ? m : import("livekit-server-sdk")));
      const { note: _note, amount: _amount, ...event } = parsed(r); // what only we send
      await new WebhookReceiver("APIkey", secret(line)).receive(r.body, r.headers.authorization);
      return event.event === "room_started";
    },
    not: ["stale"],
  },
  "atlassian-connect": {
    sdk: "atlassian-jwt",
    verify: async (r, line) => {
      const jwt = await load("atlassian-jwt");
      const claims = jwt.decodeSymmetric(r.headers.authorization.replace("JWT ", ""), secret(line), jwt.SymmetricAlgorithm.HS256);
      const query = Object.fromEntries(new URLSearchParams(r.query));
      const request = { method: r.method, pathname: r.target.replace(/\?.*/, ""), query };
      return claims.qsh === jwt.createQueryStringHash(request, false) && claims.exp * 1000 > Date.now();
    },
    not: ["stale", "otherQuery"],
  },
  vonage: byJose(["HS256"], bearer, hashed("payload_hash", "hex"), { options: { issuer: "Vonage" } }),
  netlify: byJose(["HS256"], (r) => r.headers["x-webhook-signature"], hashed("sha256", "hex"), { options: { issuer: "netlify" } }),
  messagebird: byJose(["HS256"], (r) => r.headers["messagebird-signature-jwt"], hashed("payload_hash", "hex"), {
    options: { issuer: "MessageBird" },
    judge: { not: ["stale"] },
  }),
  fusionauth: byJose(["HS256"], (r) => r.headers["x-fusionauth-signature-jwt"], hashed("request_body_sha256", "base64")),
  monday: byJose(["HS256"], (r) => r.headers.authorization, (payload, _r, line) => payload.aud === line.options.publicURL, { judge: { not: ["stale"] } }),
  plaid: byJose(["ES256"], (r) => r.headers["plaid-verification"], hashed("request_body_sha256", "hex"), {
    options: { maxTokenAge: "5 min" },
    judge: { not: ["stale"] },
  }),
  kinde: byJose(["RS256"], (r) => r.body),
  wix: byJose(["RS256"], (r) => r.body, () => true, { judge: { not: ["stale"] } }),
  secevent: byJose(["RS256"], (r) => r.body, (payload) => typeof payload.events === "object", {
    options: { typ: "secevent+jwt", issuer: "https://idp.example.com", audience: "https://sp.example.com" },
  }),
  lago: byJose(["RS256"], (r) => r.headers["x-lago-signature"], (payload, r) => payload.data === r.body),
  "apple-appstore": byJose(["ES256"], (r) => parsed(r).signedPayload),
  "apple-signin": byJose(["RS256"], (r) => parsed(r).payload, () => true, {
    options: { issuer: "https://appleid.apple.com", audience: "com.example.app" },
  }),
  "google-pubsub": byJose(["RS256"], bearer, (payload) => payload.email_verified === true, {
    options: { issuer: ["https://accounts.google.com", "accounts.google.com"], audience: "https://hooks.example.com/google-pubsub" },
    judge: { not: ["stale"] },
  }),
  "google-chat": byJose(["RS256"], bearer, (payload) => payload.email_verified === true && payload.email === "chat@system.gserviceaccount.com", {
    options: { issuer: ["https://accounts.google.com", "accounts.google.com"], audience: "https://hooks.example.com/google-chat" },
    judge: { not: ["stale"] },
  }),
  "google-chat-project": byJose(["RS256"], bearer, () => true, {
    options: { issuer: "chat@system.gserviceaccount.com", audience: "1234567890" },
    judge: { not: ["stale"] },
  }),
  "google-risc": byJose(["RS256"], (r) => r.body, (payload) => typeof payload.events === "object", {
    options: { issuer: "https://accounts.google.com/", audience: "123-abc.apps.googleusercontent.com" },
  }),
  "okta-ssf": byJose(["RS256"], (r) => r.body, (payload) => typeof payload.events === "object", {
    options: { typ: "secevent+jwt", issuer: "https://org.okta.com", audience: "https://sp.example.com" },
  }),
  hanko: byJose(["RS256"], (r) => parsed(r).token, () => true, {
    options: { subject: "hanko webhooks", audience: "example.com" },
    judge: { not: ["stale"] },
  }),
  "microsoft-graph-rich": byJose(["RS256"], (r) => parsed(r).validationTokens[0], (payload) => payload.appid === "0bf30f3b-4a52-48df-9a82-234910c4a086", {
    options: { issuer: "https://sts.windows.net/t/", audience: "8e460676-ae3f-4b1e-8790-ee0fb5d6148f" },
    judge: { not: ["stale"] },
  }),
  fireblocks: detached("fireblocks-webhook-signature", "RS512"),
  "constant-contact": detached("x-ctct-webhook-sig", "RS256"),
};
