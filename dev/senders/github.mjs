// Sends webhooks as GitHub does: every example payload of
// @octokit/webhooks-examples, signed by @octokit/webhooks-methods, GitHub's own
// code. Each is sent as it was signed, and once more with one byte changed.
//
//   node github.mjs URL [--seed N] [--ledger FILE]
//
// The secret is taken from GITHUB_WEBHOOK_SECRET. The ledger gets one line of
// JSON per request: what was sent, and what came back. Stdout gets one line of
// JSON that sums up; stderr gets the surprises: an original that was not
// answered with 200, or a changed one not with 401. Either makes the exit
// status 1.

import { createHash, randomInt, randomUUID } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { sign } from "@octokit/webhooks-methods";

const concurrency = 8;
const formEvery = 5; // each fifth example is sent as a form, too

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, ledger: { type: "string" } },
});
const secret = process.env.GITHUB_WEBHOOK_SECRET;
if (positionals.length !== 1 || !secret) {
  console.error("usage: GITHUB_WEBHOOK_SECRET=... node github.mjs URL [--seed N] [--ledger FILE]");
  process.exit(2);
}
const seed = options.seed === undefined ? randomInt(2 ** 32) : Number(options.seed);
const random = generator(seed);
const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
const connections = new Set();

const examples = await loadExamples();
const deliveries = await signAll(examples);
await eachOf(deliveries, send);
agent.destroy();

if (options.ledger !== undefined) {
  const lines = deliveries.map(({ body, signature, ...rest }) => JSON.stringify(rest) + "\n");
  await writeFile(options.ledger, lines.join(""));
}
const surprises = deliveries.filter((d) => d.status !== (d.changed ? 401 : 200));
for (const { body, signature, ...rest } of surprises) {
  console.error("surprise: " + JSON.stringify(rest));
}
console.log(
  JSON.stringify({
    seed,
    examples: examples.length,
    sent: deliveries.length,
    accepted: deliveries.filter((d) => d.status === 200).length,
    refused: deliveries.filter((d) => d.status === 401).length,
    surprises: surprises.length,
    connections: connections.size,
  }),
);
process.exitCode = surprises.length === 0 ? 0 : 1;

// loadExamples returns the payloads of github.com and of every GitHub Enterprise
// Server in the package, each with its event.
async function loadExamples() {
  const root = new URL(".", import.meta.resolve("@octokit/webhooks-examples/package.json"));
  const folders = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = [];
  for (const folder of folders.map((entry) => entry.name).sort()) {
    const events = JSON.parse(await readFile(fileURLToPath(new URL(`${folder}/index.json`, root)), "utf8"));
    for (const event of events) {
      for (const payload of event.examples) {
        found.push({ event: event.name, payload: JSON.stringify(payload) });
      }
    }
  }
  return found;
}

// signAll returns the requests to send. GitHub signs the raw bytes of the body,
// of a form too. The changed ones keep the original's signature.
async function signAll(examples) {
  const all = [];
  for (const [i, { event, payload }] of examples.entries()) {
    const bodies = [{ type: "application/json", text: payload }];
    if (i % formEvery === 0) {
      bodies.push({ type: "application/x-www-form-urlencoded", text: new URLSearchParams({ payload }).toString() });
    }
    for (const { type, text } of bodies) {
      const signature = await sign(secret, text);
      const body = Buffer.from(text);
      all.push(delivery({ event, type, signature, body, changed: false }));
      const position = Math.floor(random() * body.length);
      const other = Buffer.from(body);
      other[position] ^= 1 + Math.floor(random() * 255);
      all.push(delivery({ event, type, signature, body: other, changed: true, position }));
    }
  }
  return all;
}

function delivery(d) {
  const sha256 = createHash("sha256").update(d.body).digest("hex");
  return { id: randomUUID(), bytes: d.body.length, sha256, ...d };
}

// eachOf works through a list, some at a time.
async function eachOf(list, work) {
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      await work(list[next++]);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

// send notes on the delivery how it was answered.
function send(d) {
  return new Promise((resolve) => {
    const end = (fields) => resolve(Object.assign(d, fields));
    const request = http.request(positionals[0], {
      agent,
      method: "POST",
      timeout: 30_000,
      headers: {
        Accept: "*/*",
        "Content-Type": d.type,
        "User-Agent": "GitHub-Hookshot/hookward",
        "X-GitHub-Delivery": d.id,
        "X-GitHub-Event": d.event,
        "X-Hub-Signature-256": d.signature,
      },
    });
    request.on("socket", (socket) => connections.add(socket));
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => end({ status: 0, error: error.message }));
    request.on("response", (response) => {
      response.on("error", (error) => end({ status: 0, error: error.message }));
      response.on("end", () => end({ status: response.statusCode }));
      response.resume();
    });
    request.end(d.body);
  });
}

// generator returns numbers from 0 up to 1 that depend on the seed alone
// (mulberry32): Math.random has no seed.
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
