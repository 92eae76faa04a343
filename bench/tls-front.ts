// Takes TLS off what comes in and passes it on: in front of a MAAS a web server does the same.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

const [port, certificate, key] = process.argv.slice(2) as [string, string, string];
const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (outer) => {
  const inner = connect(Number(port), '127.0.0.1');
  for (const [from, to] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
