import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cluster, dataFolder, makeCluster } from "../../src/development/postgres/process.ts";

/** A file system of its own for a cluster's data, small enough to be filled. */
export interface SmallDisk {
  /** Makes an empty cluster on it. */
  fill(cluster: Cluster): Promise<void>;
  /** Leaves no byte. */
  takeAll(): Promise<void>;
  /** Gives back what `takeAll` took. */
  giveBack(): Promise<void>;
  /** When nobody uses it any more. */
  unmount(): void;
}

/** Whether this process may mount a file system. */
export function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), "miosa-mount-"));
  const isMounted = mount(folder, 1);
  if (isMounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  return isMounted;
}

/** A `tmpfs` of so many megabytes. */
export function smallDisk(megabytes: number): SmallDisk {
  let folder = "";
  const filler = () => path.join(folder, "filler");
  const unmount = () => {
    // Lazily, since this may be the last that a process does.
    if (folder) spawnSync("umount", ["-l", folder]);
    folder = "";
  };
  process.once("exit", unmount);
  return {
    async fill(cluster) {
      const disk = path.join(cluster.folder, "disk");
      mkdirSync(disk);
      const owner = cluster.user && `uid=${cluster.user.uid},gid=${cluster.user.gid}`;
      if (!mount(disk, megabytes, owner)) throw new Error("no file system can be mounted here");
      folder = disk;
      const onDisk = { ...cluster, folder: disk };
      await makeCluster(onDisk);
      symlinkSync(dataFolder(onDisk), dataFolder(cluster));
    },
    async takeAll() {
      const file = await open(filler(), "w");
      for (const size of [1 << 20, 1 << 12]) {
        const chunk = Buffer.alloc(size, 1);
        while (await file.write(chunk).then(({ bytesWritten }) => bytesWritten === size, isFull));
      }
      await file.close();
    },
    giveBack: () => rm(filler(), { force: true }),
    unmount,
  };
}

function mount(folder: string, megabytes: number, owner?: string): boolean {
  const options = [`size=${megabytes}m`, ...(owner ? [owner] : [])].join();
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
}

function isFull(error: NodeJS.ErrnoException): false {
  if (error.code !== "ENOSPC") throw error;
  return false;
}
