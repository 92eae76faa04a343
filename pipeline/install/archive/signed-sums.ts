import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, posix } from 'node:path';
import { UBUNTU_KEYRING, UBUNTU_KEYRING_HINT } from '../../config/keyring.ts';
import type { Emit } from '../../core/events/event.ts';
import { Fault } from '../../core/faults/fault.ts';
import { makeFolders } from '../../host/files/folders.ts';
import { type Signature, verifySignature } from '../../host/gpgv.ts';
import { decoded } from '../../host/http/url.ts';
import { installHint } from '../../host/process/packages.ts';
import { parseSource, type Source } from '../iso/source.ts';
import { besideOf, NotReadable } from './beside.ts';
import { sumFor } from './sums.ts';

/** Bytes; those of a folder of cloud images have some kB. */
const MOST = { sums: 4 << 20, signature: 1 << 20 } as const;

export interface SignedSumsRequest {
  /** Path or URL of the file, by a mirror where there is one. */
  source: string;
  /** The sum of the configuration; null: a signed one must be there. */
  sha256: string | null;
  /** The keyring's path, `none` to look for no signature, null for Ubuntu's where it is installed. */
  keyring: string | null;
  /** The files that are written for gpgv. */
  files: { sums: string; signature: string };
  emit: Emit;
  signal: AbortSignal;
  /** Milliseconds before the second attempt to fetch. */
  retryMs?: number;
  /** Path of Ubuntu's keyring. */
  ubuntuKeyring?: string;
}

export interface TrustedSum {
  sha256: string;
  /** Null: the sum of the configuration alone. */
  signature: Signature | null;
}

/**
 * The sum that a file must have: that of the configuration, that of a signed SHA256SUMS beside the file, or both, which then agree.
 * A wrong signature is refused. Where no signed list can be had, the sum of the configuration is enough, with a warning if a
 * list is there, unless the configuration names a keyring.
 * @throws Fault SUMS_UNTRUSTED with what is wrong and the remedy; TOOL_MISSING without gpgv where a signature is needed
 */
export async function trustedSum(request: SignedSumsRequest): Promise<TrustedSum> {
  const { sha256, keyring, emit } = request;
  const source = parseSource(request.source);
  const pinned = sha256?.toLowerCase() ?? null;
  if (keyring === 'none' && pinned !== null) return { sha256: pinned, signature: null };
  try {
    const signed = await signedSum(source, request);
    if (pinned !== null && pinned !== signed.sha256)
      throw new Fault(
        'SUMS_UNTRUSTED',
        `The signed SHA256SUMS has another sha256 for ${nameOf(source)} than the configuration`,
        {
          detail: `SHA256SUMS     ${signed.sha256}\nconfiguration  ${pinned}`,
          hint: 'Set `archive.root.sha256` to the signed one, or name the dated folder that your sum is of.',
        },
      );
    return signed;
  } catch (error) {
    if (!(error instanceof Unverified)) throw error;
    if (pinned === null || keyring !== null) throw error.asFault(pinned === null);
    // Nothing is signed there: the sum of the configuration is what was asked for.
    if (error.found)
      emit({
        type: 'notice',
        level: 'warning',
        message: `The signature of SHA256SUMS was not verified: ${error.message}. The sha256 of the configuration is what counts.`,
        hint: error.remedy,
      });
    return { sha256: pinned, signature: null };
  }
}

/** A signed list that is not there, or that cannot be verified here; nothing was found to be wrong. */
class Unverified extends Error {
  readonly found: boolean;
  readonly remedy: string;
  readonly code: 'SUMS_UNTRUSTED' | 'TOOL_MISSING';

  constructor(
    message: string,
    {
      found = true,
      remedy,
      code = 'SUMS_UNTRUSTED',
    }: { found?: boolean; remedy: string; code?: Unverified['code'] },
  ) {
    super(message);
    this.found = found;
    this.remedy = remedy;
    this.code = code;
  }

  asFault(withoutSum: boolean): Fault {
    const also = withoutSum ? ' Or set `archive.root.sha256`.' : '';
    return new Fault(this.code, `The root cannot be verified: ${this.message}`, { hint: this.remedy + also });
  }
}

const NO_LIST =
  'Ubuntu has SHA256SUMS and SHA256SUMS.gpg in each folder of cloud images; a mirror needs both.';

async function signedSum(source: Source, request: SignedSumsRequest): Promise<TrustedSum> {
  const { files, keyring, signal, ubuntuKeyring = UBUNTU_KEYRING } = request;
  const shown = source.kind === 'path' ? dirname(source.path) : source.shown.replace(/[^/]*$/, '');
  const beside = async (name: string, most: number) => {
    const bytes = await besideOf(source, name, most, request).catch((error: unknown) => {
      if (!(error instanceof NotReadable)) throw error;
      throw new Unverified(`${name} in ${shown} cannot be read: ${error.message}`, { remedy: NO_LIST });
    });
    return bytes;
  };
  const sums = await beside('SHA256SUMS', MOST.sums);
  if (!sums) throw new Unverified(`there is no SHA256SUMS in ${shown}`, { found: false, remedy: NO_LIST });
  const signature = await beside('SHA256SUMS.gpg', MOST.signature);
  if (!signature) throw new Unverified(`there is no SHA256SUMS.gpg in ${shown}`, { remedy: NO_LIST });
  if (isPage(sums) || isPage(signature))
    throw new Unverified(
      `a page of HTML came in place of ${isPage(sums) ? 'SHA256SUMS' : 'SHA256SUMS.gpg'} from ${shown}`,
      {
        remedy: 'A proxy or a login page may have answered. Fetch both by hand to see.',
      },
    );
  const used = keyring ?? ubuntuKeyring;
  if (keyring === null && !(await isThere(ubuntuKeyring)))
    throw new Unverified(`Ubuntu's keyring ${ubuntuKeyring} is not installed`, {
      remedy: UBUNTU_KEYRING_HINT,
    });
  await rm(dirname(files.sums), { recursive: true, force: true });
  await makeFolders(dirname(files.sums));
  await writeFile(files.sums, sums);
  await writeFile(files.signature, signature);
  const by = await verifySignature(
    {
      ...{ name: 'SHA256SUMS', setting: 'archive.root.keyring' },
      ...{ keyring: used, signature: files.signature, data: files.sums },
    },
    signal,
  ).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'TOOL_MISSING') throw error;
    throw new Unverified('gpgv is not installed', { remedy: installHint('gpgv'), code: 'TOOL_MISSING' });
  });
  const listed = sumFor(sums.toString('utf8'), nameOf(source));
  if ('problem' in listed)
    throw new Fault('SUMS_UNTRUSTED', `SHA256SUMS in ${shown} has a valid signature, but ${listed.problem}`, {
      hint: 'Use the file under the name that its publisher gave it, or set `archive.root.keyring: none` with a `sha256`.',
    });
  return { sha256: listed.sha256, signature: by };
}

/** The file's name, as a list has it. */
function nameOf(source: Source): string {
  return source.kind === 'path'
    ? basename(source.path)
    : decoded(posix.basename(new URL(source.url).pathname));
}

/** A server that has no such file may answer with a page all the same. */
function isPage(bytes: Buffer): boolean {
  return /^(?:\ufeff|\s)*<(?:!doctype|html|\?xml|head|body)/i.test(bytes.subarray(0, 512).toString('utf8'));
}

async function isThere(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
