// The official JavaScript SDK, used as in its README; src/lib.rs describes the messages.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Receiver } from "@upstash/qstash";

const receiver = new Receiver({
  currentSigningKey: process.env.QSTASH_CURRENT_SIGNING_KEY,
  nextSigningKey: process.env.QSTASH_NEXT_SIGNING_KEY,
});

const verify = ({ token, body, url }) => receiver.verify({ signature: token, body, url });

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const version = (name) => {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(file, "utf8")).version}`;
};

const { node, openssl } = process.versions;
const parts = [version("@upstash/qstash"), version("jose"), `Node ${node}`, `OpenSSL ${openssl}`];
answer({ parts: parts.join(", ") });

const deliveries = [];
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if ("repeats" in message) {
    const delivery = deliveries[message.delivery];
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < message.repeats; turn++) {
      // It returns true or throws.
      if ((await verify(delivery)) !== true) throw new Error("refused");
    }
    answer({ seconds: Number(process.hrtime.bigint() - start) / 1e9 });
  } else {
    deliveries.push(message);
    const refused = await verify(message).then(
      () => null,
      (error) => String(error),
    );
    answer({ refused });
  }
}
