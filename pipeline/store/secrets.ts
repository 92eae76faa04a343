import { holdsSecret, longestSecret } from '../core/secrets/registry.ts';
import { openRegular } from '../host/files/regular.ts';

/** Larger files are images and their roots. */
const LARGEST = 64 << 20;
const CHUNK = 1 << 20;

/** Whether a text file holds a secret that this process knows. Binary files are not looked into: in them it would be compressed. */
export async function fileHoldsSecret(path: string): Promise<boolean> {
  const file = await openRegular(path);
  try {
    if ((await file.stat()).size > LARGEST) return false;
    const decoder = new TextDecoder();
    const overlap = longestSecret();
    let kept = '';
    for (let first = true; ; first = false) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
      if (bytesRead === 0) return false;
      const bytes = buffer.subarray(0, bytesRead);
      if (first && bytes.subarray(0, 8192).includes(0)) return false;
      const text = kept + decoder.decode(bytes, { stream: true });
      if (holdsSecret(text)) return true;
      kept = overlap > 0 ? text.slice(-overlap) : '';
    }
  } finally {
    await file.close();
  }
}
