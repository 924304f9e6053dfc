// Signs deliveries as the providers document it, to test the gate against: one
// line of JSON per provider, with how the gate is to be configured, a good
// delivery, variants of it that must pass or be refused, and the handshakes.
//
//   node deliveries.mjs [SLUG...]      the lines, of all providers or of these
//   node deliveries.mjs --check        lets the providers' own SDKs verify them
//
// A variant's name says what must become of it: "pass", "refuse", or "origin": it
// passes where publicURL is scheme and host alone, and is refused where it is the
// whole URL, because the query is another.
//
// Timestamps are those of the run: send the deliveries within seconds (Paddle
// allows five), the others within some minutes. In "expected", null says that a
// delivery has no such thing, and a missing name that its place is no plain one.

import { parseArgs } from "node:util";

import { delivery, providers } from "./providers/index.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: "boolean" } } });
const slugs = positionals.length > 0 ? positionals : Object.keys(providers).sort();
const unknown = slugs.filter((slug) => !Object.hasOwn(providers, slug));
if (unknown.length > 0) {
  console.error(`no such provider: ${unknown.join(", ")}`);
  process.exit(2);
}

if (values.check) {
  const { check } = await import("./providers/sdks.mjs");
  process.exitCode = (await check(slugs)) ? 0 : 1;
} else {
  for (const slug of slugs) {
    delivery(slug); // makes the keys, which takes time, before any timestamp
  }
  for (const slug of slugs) {
    process.stdout.write(JSON.stringify(delivery(slug)) + "\n");
  }
}
