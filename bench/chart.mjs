// Ratios as bars.
const row = 34;
const width = 760;
const left = 360;

export function bars(ratios) {
  const height = ratios.length * row + 40;
  const scale = 320 / Math.max(1, ...ratios.map(({ ratio }) => ratio));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">
<title>Each call of the service beside its limit on the same machine</title>
<rect width="100%" height="100%" fill="#fff"/><text x="10" y="18" font-weight="bold">Ratios to the limit on the same machine; the red line is the target</text>
${ratios.map((entry, index) => bar(entry, 30 + index * row, scale)).join("\n")}
</svg>
`;
}

function bar({ name, ratio, target }, y, scale) {
  const x = left + target * scale;
  const mark = target
    ? `<line x1="${x}" x2="${x}" y1="${y}" y2="${y + 22}" stroke="#c2410c" stroke-width="2"/>`
    : "";
  return `<text x="${left - 10}" y="${y + 16}" text-anchor="end">${name}</text>
<rect x="${left}" y="${y}" width="${(ratio * scale).toFixed(1)}" height="22" fill="#2563eb"/>${mark}
<text x="${left + 8 + ratio * scale}" y="${y + 16}">${ratio.toFixed(2)}</text>`;
}
