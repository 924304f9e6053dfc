// Standard Webhooks and Svix, and SDKs that wrap them.

import { secret } from "./load.mjs";

// standardWebhooks and svix take the headers' names as they are.
const standardWebhooks = (key = secret) => ({
  sdk: "standardwebhooks",
  verify: async (r, line) => {
    const { Webhook } = await import("standardwebhooks");
    return new Webhook(key(line)).verify(r.body, r.headers);
  },
  also: ["several", "unknownVersion"],
  not: ["stale", "future", "otherLabel", "wrongTimestamp", "wrong:webhook-id"],
});
const svix = {
  sdk: "svix",
  verify: async (r, line) => {
    const { Webhook } = await import("svix");
    return new Webhook(secret(line)).verify(r.body, r.headers);
  },
  also: ["several", "unknownVersion"],
  not: ["stale", "future", "otherLabel", "wrongTimestamp", "wrong:svix-id"],
};
const family = (slugs, sdk) => Object.fromEntries(slugs.map((slug) => [slug, sdk]));

export default {
  ...family(
    ["standard-webhooks", "openai", "gitlab-signed", "render", "brex", "etsy", "gemini", "incident-io", "loops", "increase"],
    standardWebhooks(),
  ),
  supabase: standardWebhooks((line) => secret(line).replace("v1,whsec_", "")),
  polar: standardWebhooks((line) => Buffer.from(secret(line)).toString("base64")),
  ...family(["clerk", "stytch", "vanta"], svix),
  svix: { ...svix, also: ["several", "webhookNames"] },
  resend: {
    sdk: "resend",
    verify: async (r, line) => {
      const { Resend } = await import("resend");
      const headers = {
        id: r.headers["svix-id"],
        timestamp: r.headers["svix-timestamp"],
        signature: r.headers["svix-signature"],
      };
      return new Resend("re_x").webhooks.verify({ payload: r.body, headers, webhookSecret: secret(line) });
    },
    also: ["several"],
  },
  replicate: {
    sdk: "replicate",
    verify: async (r, line) => {
      const { validateWebhook } = await import("replicate");
      return validateWebhook({
        id: r.headers["webhook-id"],
        timestamp: r.headers["webhook-timestamp"],
        signature: r.headers["webhook-signature"],
        body: r.body,
        secret: secret(line),
      });
    },
    also: ["several"],
  },
};
