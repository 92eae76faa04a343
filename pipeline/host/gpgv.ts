import { Fault } from '../core/faults/fault.ts';
import { LARGEST_TEXT, readBounded } from './files/regular.ts';
import { $ } from './process/tool.ts';

/** A signature that a key of the keyring has made. */
export interface Signature {
  /** Fingerprint of the key that signed. */
  key: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** One signature, as gpgv's status lines describe it. */
interface Block {
  /** The fingerprint and the second of VALIDSIG, which also expired and revoked keys have. */
  valid?: { key: string; at: number };
  good: boolean;
  problem?: string;
}

const TIMEOUT_MS = 60_000;

/** The names that messages use. */
interface Named {
  /** The name of the signed file: `SHA256SUMS`. */
  name: string;
  /** The setting that names the keyring. */
  setting: string;
}

interface Judged extends Named {
  /** Absolute path: gpgv looks for any other below its home. */
  keyring: string;
}

/**
 * Verifies a detached signature by gpgv. Of several signatures one by a valid key is enough, as for apt; one that does not fit the
 * data is refused whatever the others are.
 * @throws Fault SUMS_UNTRUSTED with the reason; TOOL_MISSING without gpgv
 */
export function verifySignature(
  { signature, data, ...judged }: Judged & { signature: string; data: string },
  signal: AbortSignal,
): Promise<Signature> {
  return judge([signature, data], judged, signal);
}

/**
 * Verifies a text that is signed in clear, and writes what was signed: the text around it is nobody's (gpgv 2.2.40 leaves it out).
 * @param to a path where no file is
 * @throws as `verifySignature`
 */
export function verifyClearSigned(
  { file, to, ...judged }: Judged & { file: string; to: string },
  signal: AbortSignal,
): Promise<Signature> {
  return judge(['--output', to, file], judged, signal);
}

async function judge(
  words: readonly string[],
  { keyring, name, setting }: Judged,
  signal: AbortSignal,
): Promise<Signature> {
  await assertKeyring(keyring, setting);
  // Its exit code is 0 also for keys that are revoked or expired, and 2 for a good signature beside one of a foreign key.
  const { stdout, stderr } = await $({
    ...{ signal, nothrow: true, timeoutMs: TIMEOUT_MS, reason: `verify the signature of ${name}` },
  })`gpgv --status-fd 1 --keyring ${keyring} ${words}`;
  const blocks = parseStatus(stdout);
  const good = blocks.find((block) => block.good && block.valid);
  const bad = blocks.find(({ problem }) => problem === BAD);
  const isDamaged = stdout.includes('[GNUPG:] ERROR ');
  if (good?.valid && !bad && !isDamaged)
    return { key: good.valid.key, at: new Date(good.valid.at * 1000).toISOString() };
  const found = (bad ?? blocks.find((block) => block.problem))?.problem;
  const problem =
    found === BAD
      ? `it was not made of this ${name}`
      : (found ?? (good ? 'more follows what is signed' : 'it holds no OpenPGP signature'));
  throw new Fault('SUMS_UNTRUSTED', `The signature of ${name} is not valid: ${problem}`, {
    detail: stderr.trim(),
    hint: `The keys are those of ${keyring}. Name another keyring, or none, in \`${setting}\`.`,
  });
}

const BAD = 'not of this data';

/** @see doc/DETAILS of GnuPG */
function parseStatus(status: string): Block[] {
  const blocks: Block[] = [];
  for (const line of status.split('\n')) {
    const [mark, word, ...rest] = line.split(' ');
    if (mark !== '[GNUPG:]') continue;
    if (word === 'NEWSIG') blocks.push({ good: false });
    const block = blocks.at(-1);
    if (!block) continue;
    const key = rest[0] ?? '';
    if (word === 'GOODSIG') block.good = true;
    else if (word === 'VALIDSIG') block.valid = { key, at: Number(rest[2]) };
    else if (word === 'BADSIG') block.problem = BAD;
    else if (word === 'EXPKEYSIG') block.problem = `the key ${key} has expired`;
    else if (word === 'REVKEYSIG') block.problem = `the key ${key} was revoked`;
    else if (word === 'EXPSIG') block.problem = `the signature by ${key} has expired`;
    else if (word === 'ERRSIG')
      block.problem =
        rest[5] === '9'
          ? `it was made by the key ${key}, which is not in the keyring`
          : `the signature by ${key} cannot be checked (code ${rest[5]})`;
  }
  return blocks;
}

/** gpgv calls every key of a keyring that it cannot read a missing one. */
async function assertKeyring(keyring: string, setting: string): Promise<void> {
  const unusable = (why: string, hint?: string) =>
    new Fault('SUMS_UNTRUSTED', `The keyring ${keyring} ${why}`, {
      hint: hint ?? `Set \`${setting}\` to a file of public keys as \`gpg --export\` writes it.`,
    });
  let start: Buffer;
  try {
    start = await readBounded(keyring, LARGEST_TEXT);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw unusable(code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}`);
  }
  if (start.length === 0) throw unusable('is empty');
  if (start.subarray(0, 64).toString('latin1').trimStart().startsWith('-----BEGIN'))
    throw unusable('is in ASCII armour', `Convert it: gpg --dearmor < ${keyring} > ${keyring}.gpg`);
  const isKeybox = start.subarray(8, 12).toString('latin1') === 'KBXf';
  // A packet of OpenPGP begins with a byte that has its highest bit set.
  if (!isKeybox && (start[0] as number) < 0x80) throw unusable('holds no OpenPGP keys');
}
