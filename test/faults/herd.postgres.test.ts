import { afterAll, beforeAll, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { stampede } from "./herd.ts";

// Fewer than the clients are, so that some are told to come again.
const limits = { connections: 2, waiting: 100 };

let project: TestProject;
let instances: Instance[];
beforeAll(async () => {
  project = await createTestProject();
  instances = [openInstance(project.service, limits), openInstance(project.service, limits)];
});
afterAll(() => Promise.all(instances.map((instance) => instance.close())));

it("200 clients that refresh at once, some with tabs, are all served by two small servers, and no session ends (case 198)", async () => {
  let turn = 0;
  const herd = await stampede(
    project,
    (path, options) => {
      const { auth } = instances[turn++ % instances.length] as Instance;
      return project.request(path, { ...options, auth });
    },
    { clients: 200 },
  );
  expect(herd).toMatchObject({ lost: [], ended: 0, tabs: 260 });
  expect([...herd.answers.keys()].sort()).toEqual(["200", "503"]);
});
