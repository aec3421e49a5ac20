// A Worker that verifies with the official JavaScript SDK, as its documentation says,
// and answers as those of examples/worker.
import { Receiver } from "@upstash/qstash";

let receiver;

export default {
  async fetch(request, env) {
    receiver ??= new Receiver({
      currentSigningKey: env.QSTASH_CURRENT_SIGNING_KEY,
      nextSigningKey: env.QSTASH_NEXT_SIGNING_KEY,
    });
    const signature = request.headers.get("upstash-signature");
    const body = await request.text();
    try {
      await receiver.verify({ signature, body });
    } catch {
      return Response.json({ error: "refused" }, { status: 401 });
    }
    const message_id = request.headers.get("upstash-message-id");
    return Response.json({ message_id, region: null, key: "current", bytes: body.length });
  },
};
