// Verifies deliveries with the official JavaScript SDK: one delivery per line on stdin,
// one verdict per line on stdout. The first output line names the SDK's version.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Receiver } from "@upstash/qstash";

const VARIABLES = ["QSTASH", "US_EAST_1_QSTASH", "EU_CENTRAL_1_QSTASH"]
  .flatMap((prefix) => [`${prefix}_CURRENT_SIGNING_KEY`, `${prefix}_NEXT_SIGNING_KEY`])
  .concat("QSTASH_REGION", "QSTASH_DEV");

// The only clock that the SDK and jose read.
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
// The SDK warns of regions without keys, once per delivery.
console.warn = () => {};

async function verify(delivery) {
  if (delivery.body === null) {
    return { verdict: "not applicable", reason: "it accepts only text bodies" };
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
  process.stdout.write(JSON.stringify(await verify(JSON.parse(line))) + "\n");
}
