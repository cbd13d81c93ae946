import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderKey, lockDataFolder } from "../../src/development/data_folder.ts";

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "miosa-folder-")), "data");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

/** A lock as a process leaves it that was killed some seconds ago. */
async function leaveLock(pid: number, secondsAgo: number): Promise<void> {
  await mkdir(join(folder, "lock"), { recursive: true });
  const then = Date.now() / 1000 - secondsAgo;
  await utimes(join(folder, "lock"), then, then);
  await writeFile(join(folder, "owner.pid"), String(pid));
}

describe("the lock on a data folder", () => {
  it("makes the folder, for its user alone, and can be taken again once it is released", async () => {
    const first = await lockDataFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await first.release();
    await (await lockDataFolder(folder)).release();
  });

  it("is refused at once while another process lives that has it", async () => {
    await leaveLock(process.ppid, 0);
    const refused = lockDataFolder(folder);
    await expect(refused).rejects.toMatchObject({ code: "validation_failed" });
    await expect(refused).rejects.toThrow(/Another process uses the data folder .*--data/);
  });

  it("lapses some seconds after its process has died", async () => {
    await leaveLock(2 ** 22 + 1, 4.8);
    await (await lockDataFolder(folder)).release();
  });

  it("lapses, too, when the number of the dead process is now this one's", async () => {
    await leaveLock(process.pid, 4.8);
    await (await lockDataFolder(folder)).release();
  });
});

describe("the key of a data folder", () => {
  const generate = () => "ab".repeat(32);

  it("is made once, readable by its user alone, and kept (case 169)", async () => {
    await mkdir(folder, { recursive: true });
    expect(await folderKey(folder, generate)).toBe(generate());
    expect(await folderKey(folder, () => "cd".repeat(32))).toBe(generate());
    const file = join(folder, "miosa_auth_key");
    expect(await readFile(file, "utf8")).toBe(`${generate()}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("is closed again to others where someone opened it", async () => {
    await mkdir(folder, { recursive: true });
    await folderKey(folder, generate);
    const file = join(folder, "miosa_auth_key");
    await chmod(file, 0o644);
    await folderKey(folder, generate);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
