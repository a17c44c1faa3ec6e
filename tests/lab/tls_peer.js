// SPDX-License-Identifier: Apache-2.0
// tls_peer.js server|client IP PORT [name=value ...]: see tls_peer.py.
'use strict';
const fs = require('fs');
const tls = require('tls');

const [kind, ip, port, ...words] = process.argv.slice(2);
const how = Object.fromEntries(words.map((w) => {
  const at = w.indexOf('=');
  return [w.slice(0, at), w.slice(at + 1)];
}));
const request = 'OPTIONS sip:b.example SIP/2.0\r\n' +
  'Via: SIP/2.0/TLS a.example:5061;branch=z9hG4bK1\r\n' +
  'Call-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
const common = {
  minVersion: 'TLSv' + (how.min || '1.2'),
  maxVersion: 'TLSv' + (how.max || '1.3'),
  cert: how.cert && fs.readFileSync(how.cert),
  key: how.key && fs.readFileSync(how.key),
  ca: how.ca && fs.readFileSync(how.ca),
  ALPNProtocols: how.alpn ? [how.alpn] : undefined,
};
if (how.min && how.min < '1.2') common.ciphers = 'DEFAULT:@SECLEVEL=0';
let left = Number(how.count || 1);

function keep(secure) {
  if (how.keylog) {
    secure.on('keylog', (line) => fs.appendFileSync(how.keylog, line));
  }
}

function call(session) {
  const s = tls.connect({...common, host: ip, port: Number(port), session,
    rejectUnauthorized: false, servername: 'b.example'});
  let ticket = session;
  let answers = 0;
  keep(s);
  s.on('session', (t) => { ticket = t; });
  s.on('secureConnect', () => s.write(request));
  s.on('data', () => {
    if (++answers < 2) s.write(request); else s.end();
  });
  s.on('error', (e) => console.log(e.message));
  s.on('close', () => { if (--left > 0) call(ticket); });
}

if (kind === 'server') {
  const server = tls.createServer({...common,
    requestCert: how.ask && how.ask !== 'none',
    rejectUnauthorized: how.ask === 'require'}, (s) => {
    s.on('data', () => s.write('SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'));
    s.on('error', () => {});
    s.on('close', () => { if (--left === 0) server.close(); });
  });
  if (how.keylog) {
    server.on('keylog', (line) => fs.appendFileSync(how.keylog, line));
  }
  server.on('tlsClientError', (e) => {
    console.log(e.message);
    if (--left === 0) server.close();
  });
  server.listen(Number(port), ip);
} else {
  call(undefined);
}
setTimeout(() => process.exit(1), 8000).unref();
