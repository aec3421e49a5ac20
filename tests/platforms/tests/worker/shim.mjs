// The main module of the tests: names the level of each line on the console, and serves
// PUT /bindings, which replaces bindings without a new isolate.
import module from "./index_bg.wasm";
import { fetch, initSync } from "./index.js";

const write = console.log.bind(console);
for (const level of ["debug", "log", "warn", "error"]) {
  console[level] = (...values) => write(`[${level}]`, ...values);
}

initSync({ module });
let replaced = {};

export default {
  async fetch(request, env, context) {
    if (request.method === "PUT") {
      replaced = await request.json();
      return new Response("replaced");
    }
    return fetch(request, { ...env, ...replaced }, context);
  },
};
