import { Fault } from '../../core/faults/fault.ts';
import { reasonOf } from '../../core/faults/system-causes.ts';
import { readBoundedText } from '../files/regular.ts';

/**
 * The certificates to trust, as PEM, or undefined for those that Node trusts by itself (with NODE_EXTRA_CA_CERTS).
 * @param caCert PEM file of the authority that alone is trusted then (MAAS_API_CACERT), or null for the environment's:
 *   SSL_CERT_FILE in place of the built-in list, as curl and OpenSSL have it
 * @throws Fault CONFIG_INVALID when the file cannot be read or holds no certificate
 */
export async function authorities(
  caCert: string | null,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[] | undefined> {
  if (caCert !== null) return [await read(caCert, "Correct MAAS_API_CACERT or the target's `ca_cert:`.")];
  if (!env.SSL_CERT_FILE) return undefined;
  const own = await read(env.SSL_CERT_FILE, 'Correct SSL_CERT_FILE in the environment, or remove it.');
  // A list of our own replaces what Node has read from there; it has warned of one that cannot be read.
  const extra = env.NODE_EXTRA_CA_CERTS ? await readBoundedText(env.NODE_EXTRA_CA_CERTS).catch(() => '') : '';
  return extra === '' ? [own] : [own, extra];
}

async function read(path: string, hint: string): Promise<string> {
  let pem: string;
  try {
    pem = await readBoundedText(path);
  } catch (error) {
    throw new Fault('CONFIG_INVALID', `The CA file ${path} cannot be read: ${reasonOf(error)}`, {
      hint,
      cause: error,
    });
  }
  if (!/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(pem))
    throw new Fault('CONFIG_INVALID', `The CA file ${path} contains no PEM certificate`, {
      hint: 'Convert it with: openssl x509 -inform der -in FILE -out FILE.pem',
    });
  return pem;
}
