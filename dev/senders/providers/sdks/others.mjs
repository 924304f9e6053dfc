// All other SDKs.

import { load, parsed, require, secret } from "./load.mjs";

const hubspot = (signatureVersion, header) => ({
  sdk: "@hubspot/api-client",
  verify: async (r, line) => {
    const { Signature } = await load("@hubspot/api-client");
    return Signature.isValid({
      signatureVersion,
      signature: r.headers[header],
      method: r.method,
      clientSecret: secret(line),
      requestBody: r.body,
      url: line.options.publicURL,
      timestamp: r.headers["x-hubspot-request-timestamp"],
    });
  },
});

const repeated = (r) => {
  const fields = {};
  for (const [name, value] of r.headers["content-type"]?.includes("form") ? new URLSearchParams(r.body) : []) {
    fields[name] = name in fields ? [fields[name], value].flat() : value;
  }
  return fields;
};
// sns-validator fetches the certificate; here it gets the one of this run.
const withCertificate = (pem) => {
  const https = require("node:https");
  https.get = (_url, done) => {
    const listeners = {};
    const response = { statusCode: 200, on: (name, listener) => ((listeners[name] = listener), response) };
    done(response);
    listeners.data(pem);
    listeners.end();
    return { on: () => {} };
  };
};


export default {
  github: {
    sdk: "@octokit/webhooks-methods",
    verify: async (r, line) => {
      const { verify } = await import("@octokit/webhooks-methods");
      return verify(secret(line), r.body, r.headers["x-hub-signature-256"]);
    },
    also: ["form"],
  },
  twilio: {
    sdk: "twilio",
    verify: async (r, line) => {
      const twilio = await load("twilio");
      const url = line.options.publicURL + r.query;
      const header = r.headers["x-twilio-signature"];
      return r.query.includes("bodySHA256")
        ? twilio.validateRequestWithBody(secret(line), header, url, r.body)
        : twilio.validateRequest(secret(line), header, url, repeated(r));
    },
    also: ["json", "port", "query", "get", "repeatedField", "otherOrder"],
    not: ["addedField", "droppedField", "wrongQuery", "jsonWrongBody"],
  },
  sendgrid: {
    sdk: "@sendgrid/eventwebhook",
    verify: async (r, line) => {
      const { EventWebhook } = await load("@sendgrid/eventwebhook");
      const judge = new EventWebhook();
      const key = judge.convertPublicKeyToECDSA(line.options.publicKeys[0]);
      const name = "x-twilio-email-event-webhook-";
      return judge.verifySignature(key, r.body, r.headers[`${name}signature`], r.headers[`${name}timestamp`]);
    },
    not: ["trimmedBody", "wrongTimestamp"],
  },
  discord: {
    sdk: "discord-interactions",
    verify: async (r, line) => {
      const { verifyKey } = await load("discord-interactions");
      const name = "x-signature-";
      return verifyKey(r.body, r.headers[`${name}ed25519`], r.headers[`${name}timestamp`], line.options.publicKeys[0]);
    },
    not: ["wrongTimestamp"],
  },
  pusher: {
    sdk: "pusher",
    verify: async (r, line) => {
      const Pusher = await load("pusher");
      const pusher = new Pusher({ appId: "1", key: line.options.senders[0], secret: secret(line), cluster: "mt1" });
      return pusher.webhook({ headers: r.headers, rawBody: r.body }).isValid();
    },
    not: ["otherSender"],
  },
  cloudinary: {
    sdk: "cloudinary",
    verify: async (r, line) => {
      const { v2 } = await load("cloudinary");
      v2.config({ api_secret: secret(line) });
      const time = Number(r.headers["x-cld-timestamp"]);
      return v2.utils.verifyNotificationSignature(r.body, time, r.headers["x-cld-signature"]);
    },
    not: ["stale"],
  },
  "hubspot-v1": hubspot("v1", "x-hubspot-signature"),
  "hubspot-v2": hubspot("v2", "x-hubspot-signature"),
  hubspot: { ...hubspot("v3", "x-hubspot-signature-v3"), not: ["stale", "wrongTimestamp"] },
  workos: {
    sdk: "@workos-inc/node",
    verify: async (r, line) => {
      const { WorkOS } = await load("@workos-inc/node");
      const { webhooks } = new WorkOS("sk_x");
      const sigHeader = r.headers["workos-signature"];
      return webhooks.verifyHeader({ payload: parsed(r), sigHeader, secret: secret(line), tolerance: 180_000 });
    },
    also: ["aged"],
    not: ["stale"],
  },
  "aws-sns": {
    sdk: "sns-validator",
    verify: async (r, line) => {
      const Validator = await load("sns-validator");
      withCertificate(line.options.publicKeys[0]);
      return new Promise((resolve) => new Validator().validate(r.body, (error) => resolve(!error)));
    },
    also: ["version1", "withoutSubject", "unsignedPart", "subscription"],
    not: ["wrongTimestamp", "otherVersion", "addedSubject"],
  },
  sanity: {
    sdk: "@sanity/webhook",
    verify: async (r, line) => {
      const { isValidSignature } = await import("@sanity/webhook");
      return isValidSignature(r.body, r.headers["sanity-webhook-signature"], secret(line));
    },
    not: ["wrongTimestamp"],
  },
  contentful: {
    sdk: "@contentful/node-apps-toolkit",
    verify: async (r, line) => {
      const { verifyRequest } = await load("@contentful/node-apps-toolkit");
      return verifyRequest(secret(line), { method: r.method, path: r.target, headers: r.headers, body: r.body });
    },
    not: ["stale", "unlistedTimestamp"],
  },
  mux: {
    sdk: "@mux/mux-node",
    verify: async (r, line) => {
      const Mux = await load("@mux/mux-node");
      await new Mux({ tokenId: "a", tokenSecret: "b" }).webhooks.verifySignature(r.body, r.headers, secret(line));
      return true;
    },
    also: ["several"],
    not: ["stale"],
  },
  notion: {
    sdk: "@notionhq/client",
    verify: async (r, line) => {
      const { verifyWebhookSignature } = await load("@notionhq/client");
      const signature = r.headers["x-notion-signature"];
      return verifyWebhookSignature({ body: r.body, signature, verificationToken: secret(line) });
    },
  },
  linear: {
    sdk: "@linear/sdk",
    verify: async (r, line) => {
      const { LinearWebhookClient } = await load("@linear/sdk/webhooks");
      const time = parsed(r).webhookTimestamp;
      return new LinearWebhookClient(secret(line)).verify(Buffer.from(r.body), r.headers["linear-signature"], time);
    },
    also: ["aged"],
    not: ["stale", "future"],
  },
  webflow: {
    sdk: "webflow-api",
    verify: async (r, line) => {
      const { WebflowClient } = await load("webflow-api");
      const { webhooks } = new WebflowClient({ accessToken: "t" });
      return webhooks.verifySignature({ headers: r.headers, body: r.body, secret: secret(line) });
    },
    not: ["wrongTimestamp"],
  },
  telnyx: {
    sdk: "telnyx",
    verify: async (r, line) => {
      const Telnyx = await load("telnyx");
      return new Telnyx({ apiKey: "k" }).webhooks.unwrap(r.body, { headers: r.headers, key: line.options.publicKeys[0] });
    },
    also: ["aged"],
    not: ["stale", "wrongTimestamp"],
  },
  box: {
    sdk: "box-node-sdk",
    verify: async (r, line) => {
      const Box = await load("box-node-sdk");
      return Box.validateWebhookMessage(r.body, r.headers, ...line.options.secrets);
    },
    also: ["secondSecret", "aged", "ascii"],
    not: ["stale", "otherVersion", "otherAlgorithm"],
  },
};
