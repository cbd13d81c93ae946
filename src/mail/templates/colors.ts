/** Black or white, whichever stands out more on a colour (`#rrggbb`), by WCAG's contrast. */
export function textColorOn(background: string): "#000000" | "#ffffff" {
  const [red, green, blue] = [1, 3, 5].map((at) =>
    linear(Number.parseInt(background.slice(at, at + 2), 16) / 255),
  ) as [number, number, number];
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
