// Providers that follow Standard Webhooks, or Svix, from which it came.

import { forms, header } from "./lib.mjs";
import { standard } from "./families.mjs";

const whsec = (options) => standard("webhook", options);
const svix = (options) => standard("svix", options);
const family = (slugs, entry) => Object.fromEntries(slugs.map((slug) => [slug, entry]));
const renamed = (names) => (c) => {
  c.headers = c.headers.map(([name, value]) => [names.includes(name) ? name.replace("svix", "webhook") : name, value]);
};
const bothNames = (make) => ({
  "pass:webhookNames": make({ after: renamed(["svix-id", "svix-timestamp", "svix-signature"]) }),
  "refuse:mixture": make({ after: renamed(["svix-id", "svix-signature"]) }),
});

export default {
  "standard-webhooks": whsec(),
  openai: whsec(),
  "gitlab-signed": whsec({
    event: header("X-Gitlab-Event", "Push Hook"),
    fields: { object_kind: "push" },
    carry: (c, signatures) => [
      ["webhook-signature", signatures.map((s) => `v1,${s}`).join(" ")],
      ["Idempotency-Key", c.id],
    ],
  }),
  supabase: whsec({ form: forms.supabase }),
  replicate: whsec(),
  // Secrets since 2026-09-08 are whsec_ and base64, and the key is what that encodes.
  polar: whsec({
    form: forms.prefixed("polar_whs_"),
    options: { secrets: [forms.prefixed("polar_whs_").text("polar", 0), forms.whsec.text("polar", 1)] },
    more: (make) => ({
      "pass:secondSecret": make({ before: (c) => (c.key = forms.whsec.key("polar", 1)) }),
      "pass:textOfEncoded": make({ before: (c) => (c.key = forms.whsec.text("polar", 1)) }),
      "refuse:emptyKey": make({ before: (c) => (c.key = "") }),
    }),
  }),
  ...family(["render", "brex", "etsy", "gemini", "incident-io", "loops", "increase"], whsec()),
  svix: svix({
    event: null,
    more: bothNames,
  }),
  ...family(["clerk", "resend", "stytch", "vanta"], svix({ more: bothNames })),
};
