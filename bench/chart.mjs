// Ratios as bars.
const row = 34;
const width = 820;
const left = 420;

export function bars(title, ratios) {
  const height = ratios.length * row + 40;
  const ends = ratios.flatMap(({ max, target = 0 }) => [max, target]);
  const scale = 320 / Math.max(1, ...ends);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/><text x="10" y="18" font-weight="bold">${title}; the red line is the target, the thin one the spread</text>
${ratios.map((entry, index) => bar(entry, 30 + index * row, scale)).join("\n")}
</svg>
`;
}

function bar({ name, ratio, min, max, target }, y, scale) {
  const at = (value) => (left + value * scale).toFixed(1);
  const mark = target
    ? `<line x1="${at(target)}" x2="${at(target)}" y1="${y}" y2="${y + 22}" stroke="#c2410c" stroke-width="2"/>`
    : "";
  return `<text x="${left - 10}" y="${y + 16}" text-anchor="end">${name}</text>
<rect x="${left}" y="${y}" width="${(ratio * scale).toFixed(1)}" height="22" fill="#2563eb"/>${mark}
<line x1="${at(min)}" x2="${at(max)}" y1="${y + 11}" y2="${y + 11}" stroke="#111827"/>
<text x="${(left + 8 + Math.max(ratio, max) * scale).toFixed(1)}" y="${y + 16}">${ratio.toFixed(2)}</text>`;
}
