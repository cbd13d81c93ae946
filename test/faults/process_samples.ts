import { readdirSync, readFileSync } from "node:fs";

/** What a process of the service held at one moment, and Postgres for all of them. */
export interface Sample {
  readonly megabytes: number;
  readonly files: number;
  readonly connections: number;
}

/** Looks again and again, where there is somebody to look at. */
export interface Sampling {
  readonly samples: readonly Sample[];
  stop(): void;
}

/** @param countConnections rejects while Postgres is away: then there is no sample */
export function sampleProcess(
  pid: number,
  countConnections: () => Promise<number>,
  interval: number,
): Sampling {
  const samples: Sample[] = [];
  const look = async () => {
    const connections = await countConnections();
    samples.push({ ...readProcess(pid), connections });
  };
  const timer = setInterval(() => void look().catch(() => {}), interval);
  return { samples, stop: () => clearInterval(timer) };
}

function readProcess(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  return { megabytes, files: readdirSync(`/proc/${pid}/fd`).length };
}

/** The median of the first and of the last quarter. */
export function quarters(samples: readonly Sample[], of: keyof Sample): [number, number] {
  const size = Math.ceil(samples.length / 4);
  return [median(samples.slice(0, size)), median(samples.slice(-size))];

  function median(part: readonly Sample[]): number {
    const sorted = part.map((sample) => sample[of]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  }
}
