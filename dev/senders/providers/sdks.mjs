// Lets the providers' own SDKs judge the deliveries. Each must take the good one
// and those of the passing variants that are listed, and refuse one signed with a
// stranger's key and one changed after signing: so it is certain that it looks.

import { readFile } from "node:fs/promises";

import { delivery } from "./index.mjs";
import jwts from "./sdks/jwts.mjs";
import money from "./sdks/money.mjs";
import others from "./sdks/others.mjs";
import standard from "./sdks/standard.mjs";

const sdks = { ...standard, ...money, ...jwts, ...others };

const opened = (request) => ({
  method: request.method,
  target: request.target,
  query: request.target.replace(/^[^?]*/, ""),
  headers: Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
  body: Buffer.from(request.bodyBase64, "base64").toString(),
});

// problems returns what an SDK says otherwise than expected.
async function problems({ verify, also = [], not = [], handshake }, line) {
  const judge = async (request) => {
    try {
      return Boolean(await verify(opened(request), line));
    } catch (error) {
      return error;
    }
  };
  const found = [];
  const expect = async (name, request, wanted) => {
    const answer = request === undefined ? "missing" : await judge(request);
    if ((answer === true) !== wanted || answer === "missing") {
      found.push(`${name}: ${answer}`);
    }
  };
  await expect("good", line.good, true);
  for (const name of also) {
    const { [`pass:${name}`]: passing, [`origin:${name}`]: ofOrigin } = line.variants;
    await expect(name, passing ?? ofOrigin, true);
  }
  for (const name of ["wrongKey", "wrongBody", ...not]) {
    if (name === "wrongBody" && !(`refuse:${name}` in line.variants)) {
      continue; // the body is not signed, then
    }
    await expect(`refuse:${name}`, line.variants[`refuse:${name}`], false);
  }
  if (handshake && !(await handshake(line))) {
    found.push("handshake");
  }
  return found;
}

// check prints who confirms each provider, and returns whether all do.
export async function check(slugs) {
  const pinned = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")).devDependencies;
  let confirmed = 0;
  let failed = 0;
  for (const slug of slugs) {
    const sdk = sdks[slug];
    const found = sdk === undefined ? [] : await problems(sdk, delivery(slug));
    const by = sdk === undefined ? "documented rule" : `${sdk.sdk}@${pinned[sdk.sdk]}`;
    confirmed += sdk !== undefined && found.length === 0 ? 1 : 0;
    failed += found.length > 0 ? 1 : 0;
    console.log([slug.padEnd(26), by, ...found.map((problem) => `MISMATCH ${problem}`)].join("  "));
  }
  const used = new Set(slugs.flatMap((slug) => sdks[slug]?.sdk ?? []));
  console.log(`${slugs.length} providers, ${confirmed} confirmed by ${used.size} SDKs, ${failed} mismatched`);
  return failed === 0;
}
