import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Send } from "./retrying_client.ts";

const usualPatience = 10_000;

/**
 * Sends over a connection of its own for each request, in one write. Rejects when the reply did not
 * arrive whole.
 *
 * @param port is asked before each request, so that clients may go elsewhere
 * @param patience milliseconds without a byte until a request is given up
 */
export function sendTo(port: () => number, projectId: string, patience = usualPatience): Send {
  return (path, { method = "GET", token, body }) =>
    new Promise((resolve, reject) => {
      const sent = body === undefined ? "" : JSON.stringify(body);
      const outgoing = request(
        {
          host: "127.0.0.1",
          port: port(),
          path: `/${projectId}${path}`,
          method,
          agent: false,
          timeout: patience,
          headers: {
            "Content-Type": "application/json",
            "Content-Length": Buffer.byteLength(sent),
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          },
        },
        async (reply) => {
          try {
            const received = await text(reply);
            const parsed = received === "" ? null : JSON.parse(received);
            const headers = new Headers(
              Object.entries(reply.headers).map(([name, value]): [string, string] => [
                name,
                `${value}`,
              ]),
            );
            resolve({ status: reply.statusCode ?? 0, headers, body: parsed });
          } catch (error) {
            reject(error);
          }
        },
      );
      outgoing.once("error", reject);
      outgoing.once("timeout", () => outgoing.destroy(new Error("no reply in time")));
      outgoing.end(sent);
    });
}
