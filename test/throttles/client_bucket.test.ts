import { beforeAll, describe, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";

describe("client_bucket()", () => {
  let project: TestProject;

  beforeAll(async () => {
    project = await createTestProject();
  });

  const bucket = async (address: string | null) => {
    const [row] = await project.sql("select client_bucket($1::inet)::text as bucket", [address]);
    return row?.bucket;
  };

  it.each([
    ["192.0.2.1", "192.0.2.1/32"],
    ["192.0.2.1/24", "192.0.2.1/32"],
    ["::ffff:192.0.2.1", "192.0.2.1/32"],
    ["::FFFF:c000:0201", "192.0.2.1/32"],
    ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1/32"],
    ["::ffff:255.255.255.255", "255.255.255.255/32"],
    ["2001:db8:2::1", "2001:db8:2::/64"],
    ["2001:DB8:0002:0:0:0:0:1", "2001:db8:2::/64"],
    ["2001:db8:2:0:ffff:ffff:ffff:ffff", "2001:db8:2::/64"],
    ["2001:db8:2:1::1", "2001:db8:2:1::/64"],
    ["::1", "::/64"],
  ])("puts %s into %s (case 16)", async (address, expected) => {
    expect(await bucket(address)).toBe(expected);
  });

  it("has none for a caller without an address", async () => {
    expect(await bucket(null)).toBeNull();
  });
});
