import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  /** PEM files: the authority's certificate, that of the server, and the server's key. */
  authority: string;
  server: string;
  key: string;
}

/** Makes an authority and, signed by it, a certificate for 127.0.0.1; both are valid for a day. @param dir is made */
export function makeCertificate(dir: string): Certificate {
  mkdirSync(dir);
  const at = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', at(name));
  key('authority.key');
  openssl(
    ...[
      'req',
      '-x509',
      '-new',
      '-key',
      at('authority.key'),
      '-days',
      '1',
      '-subj',
      '/CN=Authority of a benchmark',
    ],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-out', at('authority.pem')],
  );
  key('server.key');
  openssl('req', '-new', '-key', at('server.key'), '-subj', '/CN=127.0.0.1', '-out', at('server.csr'));
  writeFileSync(at('server.ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl(
    ...['x509', '-req', '-in', at('server.csr'), '-CA', at('authority.pem'), '-CAkey', at('authority.key')],
    ...['-set_serial', '1', '-days', '1', '-extfile', at('server.ext'), '-out', at('server.pem')],
  );
  return { authority: at('authority.pem'), server: at('server.pem'), key: at('server.key') };
}
