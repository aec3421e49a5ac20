// A Worker that reads the body and verifies nothing: the floor.
export default {
  async fetch(request) {
    const body = await request.text();
    const message_id = request.headers.get("upstash-message-id");
    return Response.json({ message_id, region: null, key: "current", bytes: body.length });
  },
};
