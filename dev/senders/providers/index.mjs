// All providers, by slug.

import fields from "./fields.mjs";
import jwts from "./jwts.mjs";
import keys from "./keys.mjs";
import plain from "./plain.mjs";
import standard from "./standard.mjs";
import timed from "./timed.mjs";
import tokens from "./tokens.mjs";

import { handshakes } from "./handshakes.mjs";
import { line } from "./lib.mjs";

export const providers = { ...plain, ...standard, ...timed, ...fields, ...keys, ...jwts, ...tokens };

export const delivery = (slug) => ({
  ...line(slug, providers[slug]),
  handshakes: handshakes(slug, providers[slug]),
});
