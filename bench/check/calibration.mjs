// Work that no change of the product touches, of the same kind as the product's: varints and strings in and out of
// buffers, short-lived objects, look-ups by text. What slows the machine slows it too.

const ROUNDS = 1000;
const USERS = 3000;

const users = Array.from({ length: USERS }, (_, index) => `calibration-${index}`);
const page = Buffer.alloc(256);

/** @returns {number} so that nothing of it can be left out */
export function calibrate() {
  const newest = new Map();
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const user = users[(round * 7919) % USERS];
    let at = writeVarint(0, user.length);
    at += page.write(user, at, "latin1");
    for (let field = 1; field < 16; field++) at = writeVarint(at, round * field);
    const copy = Buffer.from(page.subarray(0, at));
    const read = { user: copy.toString("latin1", 1, 1 + user.length), values: [] };
    for (let field = 1 + user.length; field < at;) field = readVarint(copy, field, read.values);
    const before = newest.get(read.user);
    if (before === undefined || before.values[0] < read.values[0]) newest.set(read.user, read);
    sum += `${read.user},${read.values.join(",")}`.split(",").length;
  }
  return sum + newest.size;
}

function writeVarint(start, value) {
  let at = start;
  let raw = value;
  for (; raw > 0x7f; raw >>>= 7) page[at++] = (raw & 0x7f) | 0x80;
  page[at++] = raw;
  return at;
}

function readVarint(bytes, start, values) {
  let at = start;
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  values.push(value);
  return at;
}
