// A keep-alive HTTP connection with one request at a time. `node:http` costs more than
// a Worker.
import { connect } from "node:net";

export class Connection {
  #socket;
  #received = [];
  #settle;

  constructor(port) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => {
      this.#received.push(chunk);
      const answer = parse(Buffer.concat(this.#received).toString("latin1"));
      if (!answer) return;
      this.#received = [];
      this.#settle.resolve(answer);
    });
    const fail = (error) => this.#settle?.reject(error ?? new Error("connection closed"));
    this.#socket.on("error", fail);
    this.#socket.on("close", () => fail());
  }

  /** Sends the bytes of a request; resolves to status and body. */
  ask(request) {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close() {
    this.#settle = undefined;
    this.#socket.destroy();
  }
}

/** Returns status and body of a complete answer, or nothing. */
function parse(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return;
  const [head, rest] = [text.slice(0, end).toLowerCase(), text.slice(end + 4)];
  const status = Number(head.split(" ")[1]);
  const length = /content-length: (\d+)/.exec(head);
  if (length) {
    if (rest.length === Number(length[1])) return { status, body: rest };
  } else if (rest.endsWith("0\r\n\r\n")) {
    return { status, body: rest.replaceAll(/(^|\r\n)[0-9a-f]+\r\n/gi, "").trimEnd() };
  }
}
