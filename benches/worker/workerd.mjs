// workerd as a child process.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Starts workerd; resolves to the ports of its sockets by name, and to its end. */
export async function start(binary, configuration, names, env) {
  const options = { env, stdio: ["ignore", "inherit", "inherit", "pipe"] };
  const child = spawn(binary, ["serve", "--control-fd=3", configuration], options);
  const ports = {};
  for await (const line of createInterface({ input: child.stdio[3] })) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports[socket] = port;
    if (names.every((name) => name in ports)) {
      return { ports, stop: () => child.kill() };
    }
  }
  throw new Error(`workerd doesn't start: ${configuration}; see its error above`);
}
