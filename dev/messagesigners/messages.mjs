// Signs and judges messages with other people's libraries of RFC 9421 and of
// draft-cavage, to test the gate against.
//
//   node messages.mjs sign   reads keys as a JSON object, and writes a signed request a line
//   node messages.mjs judge  reads keys on the first line and a request on each other line, and
//                            writes whether a library takes its signature: true, false or null
//                            (the library has no such feature)
//
// What none of them does is to hold the digest against the body: that is the caller's here.

import { createHash, createPrivateKey, createPublicKey, webcrypto as crypto } from "node:crypto";
import { text } from "node:stream/consumers";

import { createSigner, createVerifier, httpbis, cavage } from "http-message-signatures";
import { createSignature, verifySignature, webcrypto } from "http-message-sig";
import { signWebhook } from "@adcp/sdk/signing";

const body = JSON.stringify({ idempotency_key: "whk_1", status: "completed", text: "Grüße" });
const url = "https://hooks.example.com/in/%7Euser?b=2&a=1";
const sha256 = (data) => createHash("sha256").update(data).digest("base64");

const privateKey = (keys, alg) => (alg.startsWith("hmac") ? Buffer.from(keys.secret) : createPrivateKey({ key: keys[alg], format: "jwk" }));
const publicKey = (keys, alg) => (alg.startsWith("hmac") ? Buffer.from(keys.secret) : createPublicKey(createPrivateKey({ key: keys[alg], format: "jwk" })));

const line = (library, options, method, headers) =>
  process.stdout.write(JSON.stringify({ library, options, method, url, body, headers: Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one])) }) + "\n");

// Their covered paths are as they stand in the URL; %7E is not canonical, so it is left out.
const target = new URL(url.replace("%7E", "~"));
const request = () => ({
  method: "POST",
  url: target.href,
  headers: { "content-type": "application/json", "content-digest": `sha-256=:${sha256(body)}:`, digest: `SHA-256=${sha256(body)}`, date: new Date().toUTCString(), host: target.host },
});

async function sign(keys) {
  for (const alg of Object.keys(keys).filter((name) => name !== "secret").concat("hmac-sha256")) {
    for (const fields of [
      ["@method", "@target-uri", "content-digest"],
      ["@method", "@target-uri", "@authority", "@scheme", "@path", "@query", "@request-target", "content-digest", "content-type", "date"],
      ["content-digest", "@target-uri", '@query-param;name="a"', "@method"],
      ["@method", "@target-uri", "content-digest;sf", "content-type;bs", 'content-digest;key="sha-256"'],
    ]) {
      const signed = await httpbis.signMessage({ key: createSigner(privateKey(keys, alg), alg, "k"), fields, params: ["created", "expires", "nonce", "keyid", "alg", "tag"], paramValues: { nonce: "n", tag: "t" } }, request());
      line(`http-message-signatures ${alg}`, {}, signed.method, signed.headers);
    }
  }
  for (const [alg, name] of [["rsa-v1_5-sha256", "rsa-sha256"], ["hmac-sha256", "hmac-sha256"], ["ed25519", "ed25519"]]) {
    const signed = await cavage.signMessage({ key: createSigner(privateKey(keys, alg), alg, "k"), fields: ["@request-target", "host", "date", "digest"], params: ["keyid", "alg"], paramValues: { alg: name } }, request());
    line(`http-message-signatures, cavage ${name}`, { dialect: "cavage" }, signed.method, signed.headers);
  }
  const imported = await crypto.subtle.importKey("jwk", keys.ed25519, "Ed25519", true, ["sign"]);
  const message = { kind: "request", method: "POST", targetUri: target.href, fields: Object.entries(request().headers).map(([name, value]) => ({ name, value })) };
  const fields = await createSignature(message, { label: "sig1", components: ["@method", "@target-uri", "@authority", "@path", "@query", "content-digest"], parameters: { created: Math.floor(Date.now() / 1000), keyid: "k", alg: "ed25519" }, signer: webcrypto.signer(imported) });
  line("http-message-sig", {}, "POST", { ...request().headers, signature: fields.signature, "signature-input": fields.signatureInput });

  for (const [alg, crv] of [["ed25519", "EdDSA"], ["ecdsa-p256-sha256", "ES256"]]) {
    const key = { ...keys[alg], kid: "k", alg: crv, use: "sig", key_ops: ["sign"], adcp_use: "webhook-signing" };
    const { headers } = signWebhook({ method: "POST", url, headers: { "Content-Type": "application/json" }, body }, { keyid: "k", alg, privateKey: key });
    line(`@adcp/sdk ${alg}`, { provider: "adcp" }, "POST", { "Content-Type": "application/json", ...headers });
  }
}

async function judge(keys, { method, url, headers, dialect }) {
  const gathered = {};
  for (const [name, value] of headers) {
    gathered[name.toLowerCase()] = [...(gathered[name.toLowerCase()] ?? []), value];
  }
  const theirs = dialect === "cavage" ? cavage : httpbis;
  const aliases = { "rsa-sha256": "rsa-v1_5-sha256" };
  try {
    return await theirs.verifyMessage(
      {
        keyLookup: async (parameters) => {
          const alg = aliases[parameters.alg] ?? parameters.alg ?? "ed25519";
          return keys[alg] || alg.startsWith("hmac") ? { id: "k", algs: [parameters.alg ?? alg], verify: createVerifier(publicKey(keys, alg), alg) } : null;
        },
        all: false,
      },
      { method, url, headers: gathered },
    );
  } catch (error) {
    // A label without a signature is nobody's to judge; AdCP's vectors have one.
    return /No corresponding signature/.test(error) ? null : String(error);
  }
}

async function judgeStrictly(keys, { method, url, headers, dialect }) {
  const { pathname, search } = new URL(url);
  const message = { kind: "request", method, targetUri: url, requestTarget: pathname + search, fields: headers.map(([name, value]) => ({ name, value })) };
  const input = headers.find(([name]) => name.toLowerCase() === "signature-input")?.[1] ?? "";
  if (dialect === "cavage" || !input.includes('alg="ed25519"') || /;(sf|bs)|@query-param/.test(input)) {
    return null;
  }
  const { d, ...open } = keys.ed25519;
  const imported = await crypto.subtle.importKey("jwk", open, "Ed25519", true, ["verify"]);
  try {
    await verifySignature(message, { policy: { algorithms: ["ed25519"], requiredComponents: ["@method"], requiredParameters: ["created"] }, resolveVerifier: () => webcrypto.verifier(imported) });
    return true;
  } catch (error) {
    return /label sets differ/.test(error) ? null : String(error); // as above
  }
}

const lines = (await text(process.stdin)).trim().split("\n").map((one) => JSON.parse(one));
const keys = lines.shift();
if (process.argv[2] === "sign") {
  await sign(keys);
} else {
  for (const one of lines) {
    process.stdout.write(JSON.stringify({ first: await judge(keys, one), second: await judgeStrictly(keys, one) }) + "\n");
  }
}
