// Signed deliveries as bytes of HTTP requests.
import { createHash, createHmac } from "node:crypto";

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The body of a delivery: JSON of `bytes` bytes. */
export const body = (bytes) => `{"data":"${"x".repeat(bytes - 11)}"}`;

/** A request with a body, signed now. */
export function delivery(key, body) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: "",
    body: `${createHash("sha256").update(body).digest("base64url")}=`,
    exp: now + 300,
    iat: now,
    iss: "Upstash",
    jti: "jwt_4mNeRb0cVkYwXvUq1sGh7JtZpLxA",
    nbf: -62135596800,
    sub: "https://api.example.com/webhook",
  };
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  const signature = createHmac("sha256", key).update(signed).digest("base64url");
  const head = [
    "POST /webhook HTTP/1.1",
    "host: api.example.com",
    "user-agent: Upstash-QStash",
    "accept-encoding: gzip",
    "content-type: application/json",
    `content-length: ${body.length}`,
    "upstash-message-id: msg_26hZCxZCuWyyTWPmSVBrNB882AJUaqhkkQ7hMzNuNFc",
    "upstash-retried: 0",
    `upstash-signature: ${signed}.${signature}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1");
}
