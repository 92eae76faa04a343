import { rm, writeFile } from 'node:fs/promises';
import { Fault, fromSystemError } from '../../core/faults/fault.ts';
import { newKeyPair } from './signing-key.ts';

/**
 * Makes an Ed25519 key pair: the private half in `file`, for its owner alone, the public half in `file`.pub. Replaces nothing.
 * @throws Fault FILE_EXISTS, NO_PERMISSION
 */
export async function writeKeyPair(
  file: string,
  passphrase: string | undefined,
): Promise<{ keyFile: string; publicKey: string; keyId: string }> {
  const { privatePem, publicPem, keyId } = newKeyPair(passphrase);
  const publicKey = `${file}.pub`;
  await writeOnce(publicKey, publicPem, 0o644);
  try {
    await writeOnce(file, privatePem, 0o600);
  } catch (error) {
    // A public half without its private one is of no use.
    await rm(publicKey);
    throw error;
  }
  return { keyFile: file, publicKey, keyId };
}

async function writeOnce(file: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new Fault('FILE_EXISTS', `${file} already exists; a key is never overwritten`, {
        hint: 'Use another name, or move the old key away.',
      });
    throw fromSystemError(error, `writing ${file}`);
  }
}
