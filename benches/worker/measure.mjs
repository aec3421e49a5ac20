// Prints the time of verified requests to Workers in one workerd, as a table of
// docs/platforms.md, and the sizes of their code.
//
//   node measure.mjs WORKERD CONFIGURATION BUILD [--smoke]
//
// One client sends one request at a time over a keep-alive connection. Each round goes
// through the sizes, and at each size through the Workers, so that drift of the machine
// meets all. A time is the lower quartile of all requests. A ratio is the median of the
// rounds' ratios.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Connection } from "./connection.mjs";
import { body, delivery } from "./delivery.mjs";
import { start } from "./workerd.mjs";

const [workerd, configuration, build, mode] = process.argv.slice(2);
const isSmoke = mode === "--smoke";
const WORKERS = ["unverified", "sdk", "plain", "axum"];
const SIZES = [1, 16, 64, 256, 1024].map((kib) => kib * 1024);
const ROUNDS = isSmoke ? 1 : 120;
const WARM_UP_ROUNDS = isSmoke ? 0 : 5;
const requests = (size) => (isSmoke ? 2 : size < 256 * 1024 ? 24 : 8);
const KEYS = { QSTASH_CURRENT_SIGNING_KEY: "sig_measured", QSTASH_NEXT_SIGNING_KEY: "sig_next" };

const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];

/** Times requests, in µs. */
async function times(connection, size) {
  const request = delivery(KEYS.QSTASH_CURRENT_SIGNING_KEY, body(size));
  const times = [];
  for (let count = 0; count < requests(size); count++) {
    const begin = process.hrtime.bigint();
    const answer = await connection.ask(request);
    times.push(Number(process.hrtime.bigint() - begin) / 1000);
    if (answer.status !== 200 || JSON.parse(answer.body).bytes !== size) {
      throw new Error(`delivery is not accepted: ${size} bytes, ${answer.status} ${answer.body}`);
    }
  }
  return times;
}

async function refusesForgeries(connection) {
  const { status } = await connection.ask(delivery("sig_forged", body(1024)));
  if (status !== 401) throw new Error(`forgery is not refused: ${status}`);
}

/** Returns the times of each size, Worker and round. */
async function measure(connections) {
  const measured = SIZES.map(() => Object.fromEntries(WORKERS.map((name) => [name, []])));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const [at, size] of SIZES.entries()) {
      for (const turn of WORKERS.keys()) {
        const name = WORKERS[(turn + round + WARM_UP_ROUNDS) % WORKERS.length];
        const found = await times(connections[name], size);
        if (round >= 0) measured[at][name].push(found);
      }
    }
  }
  return measured;
}

function row(size, measured) {
  const time = (name) => quantile(measured[name].flat(), 0.25).toFixed(0);
  const quartiles = (name) => measured[name].map((times) => quantile(times, 0.25));
  const ratio = (name) => {
    const sdk = quartiles("sdk");
    return quantile(quartiles(name).map((value, round) => value / sdk[round]), 0.5).toFixed(2);
  };
  const cells = [time("unverified"), time("sdk")];
  for (const name of ["plain", "axum"]) cells.push(`${time(name)} (${ratio(name)})`);
  return `| ${size / 1024} KiB | ${cells.join(" | ")} |`;
}

function printSizes() {
  const kilobytes = (bytes) => `${(bytes.length / 1000).toFixed(0)} KB`;
  for (const name of ["sdk", "plain", "axum"]) {
    const file = readdirSync(join(build, name)).find((file) => /\.wasm$|^main\./.test(file));
    const code = readFileSync(join(build, name, file));
    console.log(`${name}: ${file} has ${kilobytes(code)}, ${kilobytes(gzipSync(code))} with gzip`);
  }
}

const { ports, stop } = await start(workerd, configuration, WORKERS, { ...process.env, ...KEYS });
const connections = {};
try {
  for (const name of WORKERS) connections[name] = new Connection(ports[name]);
  for (const name of WORKERS.slice(1)) await refusesForgeries(connections[name]);
  const measured = await measure(connections);
  console.log("| body | unverified | JavaScript SDK | module `qstash.rs` | axum |\n|---|---|---|---|---|");
  for (const [at, size] of SIZES.entries()) console.log(row(size, measured[at]));
  printSizes();
} finally {
  for (const connection of Object.values(connections)) connection.close();
  stop();
}
