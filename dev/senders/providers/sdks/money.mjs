// SDKs of those who move money.

import { form, load, parsed, require, secret } from "./load.mjs";

const braintreeGateway = (braintree, line) =>
  new braintree.BraintreeGateway({
    environment: braintree.Environment.Sandbox,
    merchantId: "m",
    publicKey: line.options.senders[0],
    privateKey: secret(line),
  });

export default {
  stripe: {
    sdk: "stripe",
    verify: async (r, line) => {
      const Stripe = await load("stripe");
      return new Stripe("sk_test").webhooks.constructEvent(r.body, r.headers["stripe-signature"], secret(line));
    },
    also: ["several", "unknownVersion", "aged"],
    not: ["stale", "otherLabel", "wrongTimestamp"],
  },
  paddle: {
    sdk: "@paddle/paddle-node-sdk",
    verify: async (r, line) => {
      const { Paddle } = await load("@paddle/paddle-node-sdk");
      return new Paddle("k").webhooks.isSignatureValid(r.body, secret(line), r.headers["paddle-signature"]);
    },
    also: ["several"],
    not: ["stale"],
  },
  square: {
    sdk: "square",
    verify: async (r, line) => {
      const { WebhooksHelper } = require("square");
      const header = r.headers["x-square-hmacsha256-signature"];
      return WebhooksHelper.isValidWebhookEventSignature(r.body, header, secret(line), line.options.publicURL);
    },
  },
  razorpay: {
    sdk: "razorpay",
    verify: async (r, line) => {
      const Razorpay = await load("razorpay");
      return Razorpay.validateWebhookSignature(r.body, r.headers["x-razorpay-signature"], secret(line));
    },
  },
  adyen: {
    sdk: "@adyen/api-library",
    verify: async (r, line) => {
      const { hmacValidator: Validator } = await load("@adyen/api-library");
      const items = parsed(r).notificationItems.map((item) => item.NotificationRequestItem);
      return items.every((item) => new Validator().validateHMAC(item, secret(line)));
    },
    also: ["unsignedPart"],
    not: ["secondItem"],
  },
  "adyen-header": {
    sdk: "@adyen/api-library",
    verify: async (r, line) => {
      const { hmacValidator: Validator } = await load("@adyen/api-library");
      return new Validator().validateHMACSignature(secret(line), r.headers.hmacsignature, r.body);
    },
  },
  braintree: {
    sdk: "braintree",
    verify: async (r, line) => {
      const { bt_signature, bt_payload } = form(r);
      await braintreeGateway(await load("braintree"), line).webhookNotification.parse(bt_signature, bt_payload);
      return true;
    },
    also: ["several", "strippedNewline"],
    not: ["otherSender", "severalCrossed"],
    handshake: async (line) => {
      const gateway = braintreeGateway(await load("braintree"), line);
      const { request, response } = line.handshakes[0];
      const challenge = new URL(request.target, "http://h").searchParams.get("bt_challenge");
      return gateway.webhookNotification.verify(challenge) === response.body;
    },
  },
  gocardless: {
    sdk: "gocardless-nodejs",
    verify: async (r, line) => {
      const { verifySignature } = await load("gocardless-nodejs/webhooks");
      verifySignature(r.body, secret(line), r.headers["webhook-signature"]);
      return true;
    },
  },
  "modern-treasury": {
    sdk: "modern-treasury",
    verify: async (r, line) => {
      const { ModernTreasury } = await import("modern-treasury");
      const client = new ModernTreasury({ apiKey: "k", organizationID: "o" });
      return client.webhooks.validateSignature(r.body, r.headers["x-signature"], { key: secret(line) });
    },
  },
  "mercado-pago": {
    sdk: "mercadopago",
    verify: async (r, line) => {
      const { WebhookSignatureValidator } = require("mercadopago");
      WebhookSignatureValidator.validate({
        xSignature: r.headers["x-signature"],
        xRequestId: r.headers["x-request-id"],
        dataId: new URLSearchParams(r.query).get("data.id").toLowerCase(),
        secret: secret(line),
      });
      return true;
    },
    also: ["seconds", "withoutHeader"],
    not: ["wrongQuery"],
  },
};
