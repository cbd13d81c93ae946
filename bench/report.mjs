// Results as a table, as JSON, and as bars in SVG. Ratios only: absolute rates belong to one machine.
import { mkdir, writeFile } from "node:fs/promises";

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export async function report(results) {
  console.table(
    results.ratios.map(({ name, ratio, target, min, max }) => ({
      what: name,
      ratio: ratio.toFixed(2),
      "min-max": `${min.toFixed(2)}-${max.toFixed(2)}`,
      target: target ?? "",
    })),
  );
  const folder = new URL("./results/", import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL("latest.json", folder), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(new URL("latest.svg", folder), bars(results.ratios));
}

function bars(ratios) {
  const row = 34;
  const height = ratios.length * row + 40;
  const width = 720;
  const scale = 320 / Math.max(1, ...ratios.map(({ ratio }) => ratio));
  const rows = ratios.map(({ name, ratio, target }, index) => {
    const y = 30 + index * row;
    const mark = target
      ? `<line x1="${320 + target * scale}" x2="${320 + target * scale}" y1="${y}" y2="${y + 22}" stroke="#c2410c" stroke-width="2"/>`
      : "";
    return `<text x="310" y="${y + 16}" text-anchor="end">${name}</text>
<rect x="320" y="${y}" width="${(ratio * scale).toFixed(1)}" height="22" fill="#2563eb"/>${mark}
<text x="${328 + ratio * scale}" y="${y + 16}">${ratio.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">
<title>Each call of the service beside its limit on the same machine</title>
<rect width="100%" height="100%" fill="#fff"/><text x="10" y="18" font-weight="bold">Ratios to the limit on the same machine; the red line is the target</text>
${rows.join("\n")}
</svg>
`;
}
