import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { registerSecret } from '../../core/secrets/registry.ts';
import { NotRegular, openRegular } from '../../host/files/regular.ts';

/** Holds the passphrase of an encrypted key. */
export const PASSPHRASE = 'DGXOS_MAAS_SIGNING_PASSPHRASE';

const HOW = 'Create an Ed25519 key pair with: dgxos-maas keygen --out FILE';
/** A key in PEM has some hundred bytes. */
const LARGEST = 64 << 10;

export interface SigningKey {
  key: KeyObject;
  /** `keyIdOf` its public half. */
  keyId: string;
}

/**
 * Reads the private key that signs; a file that others may read is reported to `emit`.
 * @throws Fault SIGNING_KEY_INVALID
 */
export async function loadSigningKey(path: string, env: NodeJS.ProcessEnv, emit: Emit): Promise<SigningKey> {
  const { text, mode } = await readKey(path);
  if (mode & 0o077)
    emit({
      type: 'notice',
      level: 'warning',
      message: `The signing key ${path} can be read by other users`,
      hint: `chmod 600 ${path}`,
    });
  const passphrase = env[PASSPHRASE] || undefined;
  registerSecret(passphrase);
  const encrypted = text.includes('ENCRYPTED');
  if (encrypted && passphrase === undefined)
    throw invalid(
      path,
      'it is encrypted and there is no passphrase',
      `Put the passphrase into ${PASSPHRASE}.`,
    );
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem', passphrase });
  } catch {
    // OpenSSL's own words name its source lines; they help nobody.
    throw encrypted
      ? invalid(path, `the passphrase in ${PASSPHRASE} does not decrypt it`)
      : invalid(path, 'it contains no private key in PEM (PKCS #8)', HOW);
  }
  return { key: ed25519(key, path), keyId: keyIdOf(createPublicKey(key)) };
}

/**
 * Reads a public key that signatures are checked with.
 * @throws Fault SIGNING_KEY_INVALID
 */
export async function loadPublicKey(path: string): Promise<KeyObject> {
  const { text } = await readKey(path);
  if (text.includes('PRIVATE KEY'))
    throw invalid(path, 'it is a private key', 'Use the public half, FILE.pub.');
  try {
    return ed25519(createPublicKey({ key: text, format: 'pem' }), path);
  } catch (error) {
    throw error instanceof Fault ? error : invalid(path, 'it contains no public key in PEM');
  }
}

/** SHA-256 of the public key (SubjectPublicKeyInfo in DER), hexadecimal: what it is called in signatures and records. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** A new key pair in PEM; with a passphrase the private half is encrypted. */
export function newKeyPair(passphrase: string | undefined): {
  privatePem: string;
  publicPem: string;
  keyId: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const locked = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem', ...locked }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    keyId: keyIdOf(publicKey),
  };
}

async function readKey(path: string): Promise<{ text: string; mode: number }> {
  let file: FileHandle | undefined;
  try {
    file = await openRegular(path);
    const { mode, size } = await file.stat();
    if (size > LARGEST) throw invalid(path, 'it is too large for a key');
    return { text: await file.readFile('utf8'), mode };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof NotRegular) throw invalid(path, error.message);
    throw invalid(path, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`);
  } finally {
    await file?.close();
  }
}

function ed25519(key: KeyObject, path: string): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw invalid(path, `it is of type ${key.asymmetricKeyType}, not Ed25519`, HOW);
}

function invalid(path: string, why: string, hint?: string): Fault {
  return new Fault('SIGNING_KEY_INVALID', `The key ${path} cannot be used: ${why}`, hint ? { hint } : {});
}
