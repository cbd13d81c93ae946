// Loaded by `node --import` before a program whose clock is to be off by so many milliseconds.
const shift = Number(process.env.SHIFTED_CLOCK_BY);
const now = Date.now;

globalThis.Date = class ShiftedDate extends Date {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(ShiftedDate.now());
  }

  static now() {
    return now() + shift;
  }
};
