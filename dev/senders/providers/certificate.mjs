// A self-signed X.509 certificate, which node:crypto can read but not write.

import { randomBytes, sign } from "node:crypto";

const item = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const size = body.length.toString(16);
  const long = Buffer.from(size.length % 2 ? "0" + size : size, "hex");
  const head = body.length < 128 ? [tag, body.length] : [tag, 0x80 | long.length, ...long];
  return Buffer.concat([Buffer.from(head), body]);
};
const sequence = (...parts) => item(0x30, ...parts);
const oid = (hex) => item(0x06, Buffer.from(hex, "hex"));
const time = (ms) => item(0x17, Buffer.from(new Date(ms).toISOString().replace(/[-:T]/g, "").slice(2, 14) + "Z"));
const bits = (bytes) => item(0x03, Buffer.from([0]), bytes);

// certificate returns the PEM of an RSA key pair's certificate for a host, valid
// from yesterday on for a month.
export function certificate({ publicKey, privateKey }, host) {
  const algorithm = sequence(oid("2a864886f70d01010b"), item(0x05)); // sha256WithRSAEncryption
  const name = sequence(item(0x31, sequence(oid("550403"), item(0x0c, Buffer.from(host))))); // commonName
  const day = 86_400_000;
  const serial = randomBytes(8);
  serial[0] = (serial[0] & 0x7f) | 0x40; // positive, and without leading zeros
  const facts = sequence(
    item(0xa0, item(0x02, Buffer.from([2]))), // version 3
    item(0x02, serial),
    algorithm,
    name,
    sequence(time(Date.now() - day), time(Date.now() + 30 * day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const whole = sequence(facts, algorithm, bits(sign("sha256", facts, privateKey)));
  const lines = whole.toString("base64").match(/.{1,64}/g).join("\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
