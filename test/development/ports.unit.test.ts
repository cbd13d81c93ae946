import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { chooseDatabasePort, onDatabasePort } from "../../src/development/ports.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), "close")));
});

async function listen(port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

describe("the port of a development database", () => {
  it("is one of its own for each of several that start at once", async () => {
    const ports = await Promise.all([1, 2, 3].map(() => onDatabasePort("usual", listen)));
    expect(new Set(ports).size).toBe(3);
  });

  it("is refused when it was asked for and is taken, before anything is opened", async () => {
    const taken = await listen(0);
    await expect(chooseDatabasePort(taken)).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("--database-port"),
    });
    let isOpened = false;
    const open = async () => {
      isOpened = true;
    };
    await expect(onDatabasePort(taken, open)).rejects.toThrow(`${taken}`);
    expect(isOpened).toBe(false);
  });

  it("passes on what goes wrong on a port that is free", async () => {
    const broken = async () => {
      throw new Error("no such file");
    };
    await expect(onDatabasePort("usual", broken)).rejects.toThrow("no such file");
  });
});
