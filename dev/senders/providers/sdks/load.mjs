// What the judges share: loading an SDK, and reading a request.

import { createRequire } from "node:module";

export const require = createRequire(import.meta.url);
export const load = async (name) => {
  const module = await import(name);
  return module.default ?? module;
};
export const secret = (line) => line.options.secrets[0];
export const parsed = (r) => JSON.parse(r.body);
export const form = (r) => Object.fromEntries(new URLSearchParams(r.body));
