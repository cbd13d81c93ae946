const day = 24 * 60 * 60 * 1000;

/** The clinic's hours of the next five working days, 9:00 to 16:00 UTC, as ISO strings. */
export function openHours(now = new Date()) {
  const hours = [];
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  for (let ahead = 1; hours.length < 5 * 7; ahead += 1) {
    const date = new Date(midnight + ahead * day);
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    for (let hour = 9; hour < 16; hour += 1) {
      hours.push(new Date(date.getTime() + hour * 60 * 60 * 1000).toISOString());
    }
  }
  return hours;
}
