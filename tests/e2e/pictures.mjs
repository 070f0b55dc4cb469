// SPDX-License-Identifier: MIT
// Pictures for tests, drawn here: PNG files of any size, and files that only pretend.
import { deflateSync } from 'node:zlib';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function chunk(type, bytes) {
  const content = Buffer.concat([Buffer.from(type), bytes]);
  let crc = 0xffffffff;
  for (const b of content) crc = table[(crc ^ b) & 255] ^ (crc >>> 8);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(bytes.length, 0);
  around.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
  return Buffer.concat([around.subarray(0, 4), content, around.subarray(4)]);
}

// A grey PNG; with alpha it has a channel of it.
export function png(width, height, { alpha = false } = {}) {
  const channels = alpha ? 2 : 1;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, alpha ? 4 : 0, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * channels), 100);
  for (let y = 0; y < height; y++) rows[y * (1 + width * channels)] = 0;
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
