// One who makes the same call again and again over one connection.
import { openConnection, requestOf } from "./http_client.mjs";

/**
 * `expects` is a text of every good answer, where status 200 alone does not tell; `rotates` sends the
 * refresh token of each answer with the next request; `newEmail` begins an address that is new each time.
 */
export function openCaller(port, { newEmail, rotates, expects = "", ...request }) {
  const connection = openConnection(port);
  const { method, path, body } = request;
  let next = requestOf(request);
  let count = 0;
  const send = async () => {
    if (newEmail !== undefined) {
      count += 1;
      const email = `${newEmail}.${count}@example.com`;
      next = requestOf({ ...request, body: { ...body, email } });
    }
    const { status, text } = await connection.send(next);
    if (rotates && status === 200) {
      const { refresh_token } = JSON.parse(text);
      next = requestOf({ method, path, body: { refresh_token } });
    }
    return { status, good: status === 200 && text.includes(expects) };
  };
  return { send, close: connection.close };
}
