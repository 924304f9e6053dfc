// Providers that sign with a private key. The keys are made at run time.

import { generateKeyPairSync, sign as cryptoSign } from "node:crypto";

import { header, json, units } from "./lib.mjs";
import { plain, stamped, standard } from "./families.mjs";
import { certificate } from "./certificate.mjs";

const kinds = {
  ed25519: () => generateKeyPairSync("ed25519"),
  p256: () => generateKeyPairSync("ec", { namedCurve: "prime256v1" }),
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const pairs = new Map();
const pair = (kind, slug, n) => {
  const name = `${kind} ${slug} ${n}`;
  if (!pairs.has(name)) {
    pairs.set(name, kinds[kind]());
  }
  return pairs.get(name);
};
const keyForm = (kind, write) => ({
  option: "publicKeys",
  text: (slug, n) => write(pair(kind, slug, n), slug, n),
  key: (slug, n) => pair(kind, slug, n).privateKey,
});
const der = ({ publicKey }) => publicKey.export({ type: "spki", format: "der" });
const pem = ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" });
const raw = (keys) => der(keys).subarray(-32); // an Ed25519 key ends its wrapping

const signed = (algorithm, text, encoding) => (c) =>
  cryptoSign(algorithm, Buffer.from([text(c)].flat().join("")), c.key).toString(encoding);
const body = (c) => c.body;
const form = "application/x-www-form-urlencoded";

const certificates = new Map();
const certificateOf = (keys, slug, n) => {
  const name = `${slug} ${n}`;
  if (!certificates.has(name)) {
    certificates.set(name, certificate(keys, "sns.amazonaws.com"));
  }
  return certificates.get(name);
};

// SNS signs named fields of its message, each on two lines: name, value.
const topic = "arn:aws:sns:us-east-1:123456789012:hookward";
const snsKeys = {
  Notification: ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
  SubscriptionConfirmation: ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
};
const snsText = ({ fields }) =>
  snsKeys[fields.Type].filter((name) => name in fields).map((name) => `${name}\n${fields[name]}\n`);
const snsAfter = (change) => ({
  after: (c) => {
    change(c.fields, c);
    c.body = JSON.stringify(c.fields);
  },
});
const sns = {
  ...plain("Signature"),
  form: keyForm("rsa", certificateOf),
  options: { senders: [topic] },
  type: "text/plain; charset=UTF-8",
  covers: false,
  signedIn: { json: snsKeys.Notification },
  carrier: { json: "Signature" },
  unit: "millis",
  tolerance: null,
  stamp: { json: "Timestamp" },
  id: { header: "x-amz-sns-message-id", json: "MessageId" },
  event: { header: "x-amz-sns-message-type", json: "Type", value: "Notification" },
  prepare: (c) => {
    delete c.fields.note;
    delete c.fields.amount;
    Object.assign(c.fields, {
      TopicArn: topic,
      Subject: "Grüße ✓",
      Message: '{"amount":1200}\nsecond line',
      SignatureVersion: "2",
      SigningCertURL: "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem",
      UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    });
  },
  signature: (c) =>
    signed(c.fields.SignatureVersion === "1" ? "sha1" : "sha256", snsText, "base64")(c),
  carry: (c, [signature]) => {
    c.fields.Signature = signature;
    c.body = JSON.stringify(c.fields, null, 2);
  },
  more: (make) => ({
    "refuse:wrongBody": make(snsAfter((m) => (m.Message = m.Message.replace("1200", "9200")))),
    "refuse:wrongTimestamp": make(snsAfter((m, c) => (m.Timestamp = units.millis(c.ms + 1000)))),
    "refuse:otherTopic": make({ before: (c) => (c.fields.TopicArn = topic + "-other") }),
    "refuse:unsigned": make(snsAfter((m) => delete m.Signature)),
    "refuse:otherVersion": make(snsAfter((m) => (m.SignatureVersion = "1"))),
    "refuse:addedSubject": make({ before: (c) => delete c.fields.Subject, ...snsAfter((m) => (m.Subject = "added")) }),
    "pass:version1": make({ before: (c) => (c.fields.SignatureVersion = "1") }),
    "pass:withoutSubject": make({ before: (c) => delete c.fields.Subject }),
    "pass:unsignedPart": make(snsAfter((m) => (m.MessageAttributes = { a: { Type: "String", Value: "b" } }))),
    "pass:subscription": make({
      before: (c) => {
        Object.assign(c.fields, {
          Type: "SubscriptionConfirmation",
          Token: "0123456789abcdef".repeat(8),
          SubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        });
        delete c.fields.Subject;
        delete c.fields.UnsubscribeURL;
        c.headers.find(([name]) => name === "x-amz-sns-message-type")[1] = c.fields.Type;
      },
    }),
  }),
};

// eBay's header is base64 of JSON that names the key and holds the signature.
const ebayHeader = (signature) => {
  const value = { alg: "ecdsa", kid: "9936261a-7d7b-4621-a0f1-964c3f3a8e1c", signature, digest: "SHA1" };
  return Buffer.from(JSON.stringify(value)).toString("base64");
};

// Adobe signs with two keys, each in a header of its own; either is enough. The
// stranger's signature fills the other.
const adobeClient = "0123456789abcdef0123456789abcdef";
const adobeHeaders = ["X-Adobe-Digital-Signature-1", "X-Adobe-Digital-Signature-2"];
const adobeSigned = (n, text) => (c) => signed("sha256", text, "base64")({ ...c, key: pair("rsa", c.slug, n).privateKey });
const adobe = {
  ...plain(adobeHeaders[0]),
  form: keyForm("rsa", pem),
  options: { senders: [adobeClient] },
  carrier: { header: adobeHeaders },
  id: header("X-Adobe-Event-Id"),
  event: header("X-Adobe-Event-Code", "asset_created"),
  headers: [
    ["X-Adobe-Provider", "ccstorage"],
    ["X-Adobe-Public-Key1-Path", "/prod/keys/pub-key-Ptc2pD9vT9.pem"],
    ["X-Adobe-Public-Key2-Path", "/prod/keys/pub-key-wQ7xK3mB4a.pem"],
  ],
  fields: { recipient_client_id: adobeClient },
  signature: signed("sha256", body, "base64"),
  carry: (c, [signature]) => {
    const other = adobeSigned(2, () => "another body")(c);
    const both = c.n === 1 ? [other, signature] : [signature, other];
    return adobeHeaders.map((name, i) => [name, both[i]]);
  },
  more: (make) => ({
    "pass:bothKeys": make({ after: (c) => (c.headers.at(-1)[1] = adobeSigned(1, body)(c)) }),
    "refuse:otherSender": make({ before: (c) => (c.fields.recipient_client_id = "f".repeat(32)) }),
    "refuse:withoutSender": make({ before: (c) => delete c.fields.recipient_client_id }),
  }),
};

const travisText = (c) => new URLSearchParams(c.body).get("payload");
const ed25519 = (write) => keyForm("ed25519", write);
const base64 = (read) => (keys) => read(keys).toString("base64");

export default {
  sendgrid: stamped("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp", {
    form: keyForm("p256", base64(der)),
    tolerance: null,
    signature: signed("sha256", (c) => [c.ts, c.body], "base64"),
    id: undefined,
    event: undefined,
    prepare: (c) => (c.body = JSON.stringify([{ ...c.fields, sg_event_id: "e1", event: "delivered" }]) + "\r\n"),
    more: (make) => ({ "refuse:trimmedBody": make({ after: (c) => (c.body = c.body.trim()) }) }),
  }),
  discord: stamped("X-Signature-Ed25519", "X-Signature-Timestamp", {
    form: ed25519((keys) => raw(keys).toString("hex")),
    tolerance: null,
    signature: signed(null, (c) => [c.ts, c.body], "hex"),
    id: json("id"),
    event: json("type", 2),
  }),
  telnyx: stamped("telnyx-signature-ed25519", "telnyx-timestamp", {
    form: ed25519(base64(raw)),
    signature: signed(null, (c) => [c.ts, "|", c.body], "base64"),
    id: json("data.id"),
    event: json("data.event_type", "message.received"),
  }),
  "standard-webhooks-v1a": standard("webhook", {
    form: ed25519((keys) => "whpk_" + raw(keys).toString("base64")),
    version: "v1a",
    signature: signed(null, (c) => [c.id, ".", c.ts, ".", c.body], "base64"),
    event: json("type", "invoice.paid"),
    more: (make) => ({
      "pass:besideV1": make({
        after: (c) => {
          const at = c.headers.findIndex(([n]) => n === "webhook-signature");
          c.headers[at] = ["webhook-signature", `v1,AAAA ${c.headers[at][1]}`];
        },
      }),
    }),
  }),
  wise: plain("X-Signature-SHA256", {
    form: keyForm("rsa", pem),
    signature: signed("sha256", body, "base64"),
    id: header("X-Delivery-Id"),
    event: json("event_type", "transfers#state-change"),
  }),
  ebay: plain("X-EBAY-SIGNATURE", {
    form: keyForm("p256", pem),
    signature: signed("sha1", body, "base64"),
    carry: (c, [signature]) => [["X-EBAY-SIGNATURE", ebayHeader(signature)]],
    usesURL: true,
    options: { verifyToken: "hookward_verification_token_0123456789" },
    id: json("notification.notificationId"),
    event: json("metadata.topic", "MARKETPLACE_ACCOUNT_DELETION"),
  }),
  travis: {
    ...plain("Signature"),
    form: keyForm("rsa", pem),
    type: form,
    covers: false,
    signedIn: { form: "payload" },
    signature: signed("sha1", travisText, "base64"),
    id: undefined,
    event: undefined,
    prepare: (c) => {
      const fields = { id: 1, status_message: "Passed", ...c.fields };
      c.body = new URLSearchParams({ payload: JSON.stringify(fields) }).toString();
    },
    more: (make) => ({
      "refuse:wrongBody": make({ after: (c) => (c.body = c.body.replace("1200", "9200")) }),
      // Nothing of it is signed, and some backends would take it for the payload.
      "refuse:otherField": make({ after: (c) => (c.body += "&other=1") }),
    }),
  },
  "aws-sns": sns,
  adobe,
};
