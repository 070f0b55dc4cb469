// SPDX-License-Identifier: MIT
// What bench_http measures against: the same answers from Node's own http module, the asset
// out of memory and, as plain servers do, streamed from a file. Prints "listening PORT".
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const large = Buffer.alloc(100 << 10, '0123456789abcdef\n');
const health = '{"status":"healthy"}';
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'lorica-peer-')), 'asset.js');
fs.writeFileSync(file, large);
process.on('SIGTERM', () => {
  fs.rmSync(path.dirname(file), { recursive: true });
  process.exit();
});
const server = http.createServer((q, r) => {
  if (q.url === '/api/health') {
    r.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': health.length });
    r.end(health);
  } else if (q.url === '/file.js') {
    r.writeHead(200, { 'Content-Type': 'text/javascript', 'Content-Length': large.length });
    fs.createReadStream(file).pipe(r);
  } else {
    r.writeHead(200, { 'Content-Type': 'text/javascript', 'Content-Length': large.length });
    r.end(large);
  }
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
