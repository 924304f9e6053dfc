// Providers that sign the body alone and say no signed time.

import { forms, header, json, mac, number, tamper } from "./lib.mjs";
import { base64, plain } from "./families.mjs";

const form = "application/x-www-form-urlencoded";
const asForm = (c) => {
  c.type = form;
  c.body = new URLSearchParams({ payload: JSON.stringify(c.fields) }).toString();
};

// gitea signs what it calls the payload: the body of a JSON webhook, but only the
// decoded field of that name of a form webhook (GitHub signs the form's raw
// bytes). Deliveries carry the names of its forebears, too.
function gitea(name, kin) {
  const signed = (c) => (c.type === form ? new URLSearchParams(c.body).get("payload") : c.body);
  return plain(`X-${name}-Signature`, {
    text: signed,
    id: header(`X-${name}-Delivery`),
    event: header(`X-${name}-Event`, "push"),
    carry: (c, [signature]) => [
      [`X-${name}-Signature`, signature],
      ...kin.flatMap((other) => [
        [`X-${other}-Delivery`, c.id],
        [`X-${other}-Event`, c.event],
      ]),
      ...(kin.includes("GitHub") ? [["X-Hub-Signature-256", `sha256=${signature}`]] : []),
    ],
    more: (make) => ({ "pass:form": make({ before: asForm }) }),
  });
}

const hub = { prefix: "sha256=" };
const sha1 = { algorithm: "sha1" };
const sha512 = { algorithm: "sha512" };
const github = {
  id: header("X-GitHub-Delivery"),
  event: header("X-GitHub-Event", "push"),
  more: (make) => ({ "pass:form": make({ before: asForm }) }),
};

// docusign numbers its headers, one for each of up to a hundred keys.
const docusign = {
  id: undefined,
  event: json("event", "envelope-completed"),
  more: (make) => ({
    "pass:numbered": make({
      signatures: (good, wrong) => [wrong(), good],
      after: (c) => (c.headers.at(-1)[0] = "X-DocuSign-Signature-2"),
    }),
    "refuse:misnumbered": make({ after: (c) => (c.headers.at(-1)[0] = "X-DocuSign-Signature-101") }),
  }),
};

// A WebSub hub chooses the algorithm and names it before the digest.
const websubBy = (algorithm) => ({ before: (c) => (c.algorithm = algorithm) });
const websub = {
  options: { verifyToken: "hookward verify token" },
  signature: (c) => mac(c.algorithm ?? "sha256", c.key, c.body, "hex"),
  carry: (c, [signature]) => [["X-Hub-Signature", `${c.algorithm ?? "sha256"}=${signature}`]],
  more: (make) => ({
    "pass:sha384": make(websubBy("sha384")),
    "pass:sha512": make(websubBy("sha512")),
    "refuse:sha1": make(websubBy("sha1")),
    "refuse:sha512WrongBody": make({ ...websubBy("sha512"), after: tamper }),
    "refuse:otherLabel": make({
      after: (c) => (c.headers.at(-1)[1] = c.headers.at(-1)[1].replace("sha256=", "sha512=")),
    }),
    // The callback's query, with the token in it, is in the deliveries' URL, too.
    "pass:callbackQuery": make({ before: (c) => (c.target += "?verify_token=hookward+verify+token") }),
  }),
};
const atom = (c) => {
  const video = `<yt:videoId>VIDEO_1200</yt:videoId><title>${c.fields.note}</title>`;
  c.body = `<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"><entry>${video}</entry></feed>\n`;
};

const commaList = (name, label) => ({
  several: true,
  carry: (c, signatures) => [[name, signatures.map((s) => label + s).join(",")]],
});

export default {
  github: plain("X-Hub-Signature-256", { ...hub, ...github }),
  "github-sha1": plain("X-Hub-Signature", { prefix: "sha1=", ...sha1, ...github }),
  "bitbucket-cloud": plain("X-Hub-Signature", {
    ...hub,
    id: header("X-Request-UUID"),
    event: header("X-Event-Key", "repo:push"),
  }),
  "bitbucket-server": plain("X-Hub-Signature", {
    ...hub,
    id: header("X-Request-Id"),
    event: header("X-Event-Key", "repo:refs_changed"),
  }),
  gitea: gitea("Gitea", ["Gogs", "GitHub"]),
  forgejo: gitea("Forgejo", ["Gitea", "Gogs", "GitHub"]),
  gogs: plain("X-Gogs-Signature", { id: header("X-Gogs-Delivery"), event: header("X-Gogs-Event", "push") }),
  "atlassian-jira": plain("X-Hub-Signature", {
    ...hub,
    id: header("X-Atlassian-Webhook-Identifier"),
    event: json("webhookEvent", "jira:issue_updated"),
  }),
  circleci: plain("circleci-signature", {
    ...commaList("circleci-signature", "v1="),
    several: false, // a list of versions: there is one v1 in it
    id: json("id"),
    event: { header: "circleci-event-type", json: "type", value: "workflow-completed" },
    more: (make) => ({
      "pass:unknownVersion": make({ after: (c) => (c.headers.at(-1)[1] += ",v2=00ff") }),
      "refuse:otherLabel": make({
        after: (c) => (c.headers.at(-1)[1] = c.headers.at(-1)[1].replace("v1=", "v2=")),
      }),
    }),
  }),
  "terraform-cloud": plain("X-TFE-Notification-Signature", { ...sha512, id: undefined, event: undefined }),
  vercel: plain("x-vercel-signature", { ...sha1, id: json("id"), event: json("type", "deployment.created") }),
  npm: plain("x-npm-signature", { ...hub, event: json("event", "package:publish") }),
  launchdarkly: plain("X-LD-Signature"),
  sentry: plain("Sentry-Hook-Signature", {
    id: header("Request-ID"),
    event: header("Sentry-Hook-Resource", "issue"),
    fields: { action: "created" },
    more: (make) => ({ "pass:emptyBody": make({ before: (c) => (c.body = "") }) }),
  }),
  pagerduty: plain("X-PagerDuty-Signature", {
    ...commaList("X-PagerDuty-Signature", "v1="),
    id: undefined,
    event: json("event.event_type", "incident.triggered"),
    fields: { event: { id: "01DEN4HPBQAAAG05V5QQYBRZMF" } },
    more: (make) => ({
      "refuse:otherLabel": make({
        after: (c) => (c.headers.at(-1)[1] = c.headers.at(-1)[1].replace("v1=", "v0=")),
      }),
    }),
  }),
  "mongodb-atlas": base64("x-mms-signature", { ...sha1, event: header("X-MMS-Event", "alert.open") }),

  shopify: base64("X-Shopify-Hmac-SHA256", {
    id: header("X-Shopify-Webhook-Id"),
    event: header("X-Shopify-Topic", "orders/create"),
  }),
  woocommerce: base64("X-WC-Webhook-Signature", {
    id: header("X-WC-Webhook-Delivery-ID", number),
    event: header("X-WC-Webhook-Topic", "order.created"),
  }),
  squarespace: plain("Squarespace-Signature", { form: forms.hex }),
  paystack: plain("x-paystack-signature", {
    form: forms.prefixed("sk_test_"),
    ...sha512,
    id: json("data.id", number),
    event: json("event", "charge.success"),
  }),
  razorpay: plain("X-Razorpay-Signature", {
    id: header("x-razorpay-event-id"),
    event: json("event", "payment.captured"),
  }),
  "coinbase-commerce": plain("X-CC-Webhook-Signature", {
    id: json("event.id"),
    event: json("event.type", "charge:confirmed"),
  }),
  "adyen-header": base64("HmacSignature", {
    form: forms.hex,
    id: json("data.id"),
    event: json("type", "balancePlatform.transfer.created"),
    headers: [["Protocol", "HmacSHA256"]],
  }),
  gocardless: plain("Webhook-Signature", {
    id: json("meta.webhook_id"),
    event: undefined,
    fields: { events: [{ id: "EV123", resource_type: "payments", action: "confirmed", links: { payment: "PM123" } }] },
  }),
  "authorize-net": plain("X-ANET-Signature", {
    form: forms.longHex, // text, though it looks encoded
    ...sha512,
    prefix: "sha512=",
    id: json("notificationId"),
    event: json("eventType", "net.authorize.payment.authcapture.created"),
    signature: (c) => mac("sha512", c.key, c.body, "hex").toUpperCase(),
  }),
  "checkout-com": plain("Cko-Signature", { id: json("id"), event: json("type", "payment_approved") }),
  "flutterwave-v4": base64("flutterwave-signature", { id: json("id"), event: json("type", "charge.completed") }),
  "lemon-squeezy": plain("X-Signature", {
    event: { header: "X-Event-Name", json: "meta.event_name", value: "order_created" },
  }),
  "modern-treasury": plain("X-Signature", {
    id: header("X-Webhook-ID"),
    event: header("X-Topic", "payment_order"),
  }),
  mollie: plain("X-Mollie-Signature", {
    ...hub,
    id: json("id"),
    event: json("type", "payment-link.paid"),
    // Mollie's SDKs take the value without its prefix, too, which it never sends.
    more: (make) => ({
      "pass:repeatedHeader": make({ signatures: (good, wrong) => [wrong(), good] }),
      "refuse:withoutPrefix": make({
        after: (c) => (c.headers.at(-1)[1] = c.headers.at(-1)[1].replace("sha256=", "")),
      }),
    }),
  }),
  quickbooks: base64("intuit-signature"),
  xero: base64("x-xero-signature", { id: undefined, event: undefined }),
  deel: plain("x-deel-signature", { text: (c) => ["POST", c.body] }),

  meta: plain("X-Hub-Signature-256", {
    ...hub,
    options: { verifyToken: "hookward verify token" },
    id: undefined,
    event: undefined,
  }),
  websub: plain("X-Hub-Signature", websub),
  youtube: plain("X-Hub-Signature", {
    ...sha1,
    prefix: "sha1=",
    options: { verifyToken: "hookward verify token" },
    type: "application/atom+xml",
    id: undefined,
    prepare: atom,
  }),
  line: base64("x-line-signature", {
    id: undefined,
    event: undefined,
    more: (make) => ({ "pass:verifyButton": make({ before: (c) => (c.body = '{"destination":"U1","events":[]}') }) }),
  }),
  "x-twitter": base64("x-twitter-webhooks-signature", hub),
  linkedin: plain("X-LI-Signature", { text: (c) => ["hmacsha256=", c.body], id: undefined, event: undefined }),
  intercom: plain("X-Hub-Signature", {
    ...sha1,
    prefix: "sha1=",
    id: json("id"),
    event: json("topic", "conversation.user.created"),
  }),
  "ms-teams": base64("Authorization", { form: forms.base64, prefix: "HMAC " }),
  segment: plain("X-Signature", { ...sha1, id: json("messageId"), event: json("type", "track") }),
  patreon: plain("X-Patreon-Signature", {
    algorithm: "md5",
    event: header("X-Patreon-Event", "members:pledge:create"),
  }),

  notion: plain("X-Notion-Signature", {
    ...hub,
    form: forms.prefixed("secret_"),
    id: json("id"),
    event: json("type", "page.created"),
  }),
  asana: plain("X-Hook-Signature", {
    form: forms.lowerHex,
    event: undefined,
    more: (make) => ({ "pass:heartbeat": make({ before: (c) => (c.body = '{"events":[]}') }) }),
  }),
  typeform: base64("Typeform-Signature", { ...hub, id: json("event_id"), event: json("event_type", "form_response") }),
  dropbox: plain("X-Dropbox-Signature"),
  "cal-com": plain("X-Cal-Signature-256", {
    event: json("triggerEvent", "BOOKING_CREATED"),
    more: (make) => ({ "refuse:noSecret": make({ signatures: () => ["no-secret-provided"] }) }),
  }),
  airtable: plain("X-Airtable-Content-MAC", { form: forms.base64, prefix: "hmac-sha256=", id: undefined }),
  heroku: base64("Heroku-Webhook-Hmac-SHA256", { id: json("id"), event: undefined }),
  docusign: base64("X-DocuSign-Signature-1", docusign),
  clickup: plain("X-Signature"),
  cronofy: base64("Cronofy-HMAC-SHA256", commaList("Cronofy-HMAC-SHA256", "")),
  ashby: plain("Ashby-Signature", { ...hub, event: json("action", "candidateHire") }),
  ably: base64("X-Ably-Signature", { id: undefined, event: undefined, headers: [["X-Ably-Key", "appid.keyid"]] }),
  grafana: plain("X-Grafana-Alerting-Signature", { id: json("groupKey"), event: json("status", "firing") }),
};
