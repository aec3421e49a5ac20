// Asks the official JavaScript SDK: a delivery a line on stdin, a verdict a line
// on stdout. The first line says which SDK this is.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Receiver } from "@upstash/qstash";

const VARIABLES = ["QSTASH", "US_EAST_1_QSTASH", "EU_CENTRAL_1_QSTASH"]
  .flatMap((prefix) => [`${prefix}_CURRENT_SIGNING_KEY`, `${prefix}_NEXT_SIGNING_KEY`])
  .concat("QSTASH_REGION", "QSTASH_DEV");

// The only clock that the SDK and its JWT library read.
let now = 0;
const SystemDate = Date;
globalThis.Date = class extends SystemDate {
  constructor(...args) {
    if (args.length > 0) super(...args);
    else super(now);
  }
  static now() {
    return now;
  }
};
// It warns of regions without keys, once for each delivery.
console.warn = () => {};

async function judge(delivery) {
  if (delivery.body === null) {
    return { verdict: "not applicable", reason: "it takes the body as text" };
  }
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, delivery.env);
  now = delivery.at_ms;
  const [currentSigningKey, nextSigningKey] = delivery.explicit ?? [];
  try {
    await new Receiver({ currentSigningKey, nextSigningKey }).verify({
      signature: delivery.signature ?? undefined,
      body: delivery.body,
      url: delivery.url ?? undefined,
      clockTolerance: delivery.tolerance,
      upstashRegion: delivery.region ?? undefined,
    });
    return { verdict: "accepted" };
  } catch (error) {
    return { verdict: "refused", error: `${error?.name}: ${error?.message}` };
  }
}

function version(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(file, "utf8")).version}`;
}

const versions = [version("@upstash/qstash"), version("jose"), `Node ${process.versions.node}`];
process.stdout.write(JSON.stringify({ sdk: versions.join(", ") }) + "\n");
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(await judge(JSON.parse(line))) + "\n");
}
