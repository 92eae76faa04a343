import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/*
 * The paths of everything that this program keeps: below a workspace, below the state folder, below the cache. No other file
 * composes such a path. What each of them is, and what is lost with it, is in docs/files.md.
 */

// Below a workspace.

/** The folder of the work and the records of one image: stages take it as the root of what they keep. */
export const imageFolder = (workspace: string, image: string) => join(workspace, image);

/** The lock of a folder, and the file that says who holds it. */
export const lockFiles = (folder: string) => ({
  lock: join(folder, 'lock'),
  holder: join(folder, 'holder.json'),
});

/** Artifacts that channels lead to, by their sha256. */
export const keptFolder = (workspace: string) => join(workspace, 'promoted');
/** The artifact that an image of the same workspace has now. @param kept the folder of kept artifacts */
export const artifactNow = (kept: string, image: string) =>
  packFiles(stageFolder(imageFolder(dirname(kept), image), 'pack'), image).artifact;
export const keptFile = (folder: string, sha256: string) => join(folder, sha256);

/** Nights: a folder each, and the one that has not ended. */
export const nightsFolder = (workspace: string) => join(workspace, 'nightly');
export const nightFolder = (workspace: string, id: string) => join(nightsFolder(workspace), id);
export const nightUnderWay = (workspace: string) => join(nightsFolder(workspace), 'under-way.json');
/** In a night's folder, or in one that the user named for the same files. */
export const nightSummary = (folder: string) => join(folder, 'summary.json');

// Below an image's folder.

/** A stage's own folder, emptied before it runs. */
export const stageFolder = (imageDir: string, stage: string) => join(imageDir, stage);
/** The record of a finished stage; not there while it runs. */
export const recordFile = (imageDir: string, stage: string) => join(imageDir, `${stage}.json`);
/** The outputs of a stage while they are fetched from the store, in a folder by fingerprint; beside the stage's own. */
export const fetchedFolder = (imageDir: string, stage: string) => join(imageDir, `${stage}.fetched`);
export const lastRunFile = (imageDir: string) => join(imageDir, 'last-run.json');
export const reportFile = (imageDir: string) => join(imageDir, 'report.html');

// Below a stage's folder.

export const isoFiles = (dir: string) => ({ kernel: join(dir, 'vmlinuz'), initrd: join(dir, 'initrd') });

/** The folder that apt uses while the archives are asked; removed afterwards. */
export const sourcesFiles = (dir: string) => ({
  apt: join(dir, 'apt'),
  /** The list that a root was verified by, with its signature. */
  sums: { sums: join(dir, 'sums', 'SHA256SUMS'), signature: join(dir, 'sums', 'SHA256SUMS.gpg') },
});

export const renderFolders = (dir: string) => ({
  /** Given to `packer build`. */
  packer: join(dir, 'packer'),
  /** Served to the installer. */
  http: join(dir, 'http'),
});

/** The script that installs without a VM, in the folder that is given to Packer. */
export const namespaceScript = (packerDir: string) => join(packerDir, 'build.sh');

export const buildFiles = (dir: string) => ({
  /** The result: what the guest handed over, or what packer-maas' scripts packed. */
  root: join(dir, 'root.tar'),
  packedRoot: join(dir, 'root.tar.gz'),
  console: join(dir, 'console.log'),
  packerLog: join(dir, 'packer.log'),
  debugLog: join(dir, 'packer-debug.log'),
  upstreamLog: join(dir, 'upstream-pack.log'),
  /** Of an installation without a VM: not yet whole, what it runs in, and its logs. */
  partialRoot: join(dir, 'root.tar.partial'),
  work: join(dir, 'work'),
  installLog: join(dir, 'build.log'),
  /** Of an installation from archives: what apt took, and what it is given. */
  packages: join(dir, 'packages.tsv'),
  mirrors: join(dir, 'mirrors.sed'),
  lock: join(dir, 'lock.tsv'),
  /** The VM's disks. */
  output: join(dir, 'output-qemu'),
  /** Packer's own, removed at the end of a build. */
  scratch: {
    tmp: join(dir, 'tmp'),
    cache: join(dir, 'packer-cache'),
    config: join(dir, 'packer-config'),
    monitor: join(dir, 'qmp.sock'),
    efiVars: join(dir, 'efi-variables.fd'),
  },
});

export const packFiles = (dir: string, image: string) => ({
  artifact: join(dir, `${image}.tar.gz`),
  evidence: evidenceFile(dir),
});
/** The evidence found while an artifact was packed. */
export const evidenceFile = (packDir: string) => join(packDir, 'facts.json');

export const verdictFile = (dir: string) => join(dir, 'verdict.json');

/** Of one layout in the folder of `rehearse`. */
export const rehearsedFolder = (dir: string, layout: string) => join(dir, layout);
/** The statement on the rehearsals of an artifact, and the same signed. */
export const rehearsedFiles = (dir: string) => ({
  statement: join(dir, 'rehearsal.intoto.json'),
  signature: join(dir, 'rehearsal.sig.json'),
});

/** The statements on the rehearsals of an artifact: in its own folder, or in that of the stage beside `pack`. */
export const rehearsedBeside = (artifact: string) => {
  const folder = dirname(artifact);
  const stage = stageFolder(dirname(folder), 'rehearse');
  return [folder, ...(basename(folder) === 'pack' ? [stage] : [])].map(rehearsedFiles);
};

/** Of one target in the folder of `accept`. */
export const acceptFolder = (dir: string, target: string) => join(dir, target);
/** Relative to the folder of a target. */
export const ACCEPTANCE = 'acceptance.json';
export const acceptanceFile = (folder: string) => join(folder, ACCEPTANCE);
/** Relative to the folder of a target. */
export const acceptanceLog = (id: string) => join('logs', `${id}.log`);
export const acceptanceSsh = (folder: string) => join(folder, 'ssh');

// Below the state folder.

/**
 * The state folder, $XDG_STATE_HOME/dgxos-maas: what was done to each MAAS from this host, and what was learnt of it. Most of
 * it cannot be made again. Without the ledger no channel can be rolled back and no upload be pruned; without its lease a
 * machine that a killed acceptance holds is never released; with another's lock two uploads meet.
 */
export function stateDir(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'dgxos-maas');
}

/** Every upload, promotion, acceptance and deletion, a line each. */
export const ledgerFile = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'ledger.ndjson');
/** The lines of other builders' ledgers, where the ledger is shared. */
export const foreignLedgerFile = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'ledger-of-others.ndjson');
/** API keys, by the URL of their MAAS. */
export const loginsFile = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'logins.json');
/** Facts of uploaded artifacts, by their sha256. */
export const releasesFolder = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'releases');
export const releaseFile = (env: NodeJS.ProcessEnv, sha256: string) =>
  join(releasesFolder(env), `${sha256}.json`);
/** The folder of one MAAS, or of the regions behind several URLs of it: its lock. */
export const targetFolder = (env: NodeJS.ProcessEnv, name: string) => join(stateDir(env), 'targets', name);
export const chunkSizeFile = (targetDir: string) => join(targetDir, 'chunk-size.json');
/** Digests of what machines showed that must be new on each. */
export const seenFile = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'acceptance', 'seen.ndjson');
export const bastionKnownHosts = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'acceptance', 'known_hosts');
/** Machines that acceptances hold, a folder each by the name that MAAS has of the allocation. */
export const leasesFolder = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'acceptance', 'leases');
export const leaseFolder = (env: NodeJS.ProcessEnv, agentName: string) => join(leasesFolder(env), agentName);
export const leaseFile = (folder: string) => join(folder, 'lease.json');
/** Disks that `pack --from` has mounted, a file each. */
export const mountsFolder = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'mounts');
export const mountFile = (env: NodeJS.ProcessEnv, name: string) => join(mountsFolder(env), name);
export const sandboxFolder = (env: NodeJS.ProcessEnv) => join(stateDir(env), 'sandbox');

// Below the cache (`cache:`), all of which may be deleted at any time.

/** Media that were downloaded; two servers may call different files by one name. */
export const mediumFolder = (cache: string, sha256: string) => join(cache, 'isos', sha256.slice(0, 16));
/** Packages that installations from archives fetched, by their sha256. */
export const debsFolder = (cache: string) => join(cache, 'debs');
/** The sum of a medium, as long as its file stays as it is. @param key of its path */
export const sumFile = (cache: string, key: string) => join(cache, 'sums', `${key}.json`);
/** Answers of tools on their versions. */
export const toolVersionsFile = (cache: string) => join(cache, 'tool-versions.json');

/** Compressed blocks of tars, shared by images: each by the digest of what it was made of. */
export const membersFolder = (cache: string) => join(cache, 'members');
export const memberFile = (cache: string, name: string) => join(membersFolder(cache), name);

/** Layers: what media install without a VM, each by the fingerprint of all that decides it. */
export const layersFolder = (cache: string) => join(cache, 'layers');
export const layerFolder = (cache: string, key: string) => join(layersFolder(cache), key);
export const layerFiles = (folder: string) => ({
  root: join(folder, 'root.tar'),
  /** Written last of all: a folder without it is not a layer. */
  record: join(folder, 'layer.json'),
  /** The process that makes it, as long as it is not whole. */
  maker: join(folder, 'maker.json'),
  /** Why the installation has kept none. */
  notKept: join(folder, 'not-kept'),
});

/** Systems from which rehearsals install, made from packages: each by the digest of its recipe. */
export const ephemeralsFolder = (cache: string) => join(cache, 'ephemerals');
export const ephemeralFolder = (cache: string, key: string) => join(ephemeralsFolder(cache), key);
export const ephemeralFiles = (folder: string) => ({
  kernel: join(folder, 'vmlinuz'),
  initrd: join(folder, 'initrd'),
  /** A file system with the label by which the initrd finds it. */
  disk: join(folder, 'medium.img'),
  /** Written last of all. */
  record: join(folder, 'ephemeral.json'),
  maker: makerFile(folder),
});

/** Packages of curtin that were fetched: each by where they come from. */
export const curtinsFolder = (cache: string) => join(cache, 'curtins');
export const curtinFolder = (cache: string, key: string) => join(curtinsFolder(cache), key);
/** Of files that were fetched. Written last of all: a folder without it is not whole. */
export const fetchedRecord = (folder: string) => join(folder, 'fetched.json');
/** The process that makes a folder of the cache, as long as it is not whole. */
export const makerFile = (folder: string) => join(folder, 'maker.json');

/** Rehearsals: a folder for each artifact and layout, with the last one's files. */
export const rehearsalsFolder = (cache: string) => join(cache, 'rehearsals');
/** @param key of the artifact's path and the layout */
export const rehearsalFolder = (cache: string, key: string) => join(rehearsalsFolder(cache), key);
/** Below a rehearsal's: that of a deployment on the disks that the ones before have used. */
export const redeployedFolder = (folder: string, number: number) => join(folder, `redeployed-${number}`);
export const rehearsalFiles = (folder: string) => ({
  console: join(folder, 'console.log'),
  /** The console of the installed system. */
  bootConsole: join(folder, 'boot.log'),
  screenshot: join(folder, 'screen.png'),
  installLog: join(folder, 'install.log'),
  errorTar: join(folder, 'curtin-logs.tar'),
  events: join(folder, 'events.ndjson'),
  result: join(folder, 'rehearsal.json'),
  /** Of what curtin has left on the disks; secret. */
  deployed: join(folder, 'deployed.json'),
  disk: (name: string) => join(folder, `${name}.qcow2`),
  efiVars: join(folder, 'efi-variables.fd'),
  /** Written by the first boot, removed at the end unless it is to be kept; the disks stay as curtin left them. */
  overlay: (name: string) => join(folder, `${name}.boot.qcow2`),
  bootVars: join(folder, 'efi-variables.boot.fd'),
  rawBootConsole: join(folder, 'boot.raw'),
  machine: join(folder, 'machine.conf'),
  rawConsole: join(folder, 'console.raw'),
  /** The socket of QEMU. */
  monitor: join(folder, 'monitor'),
  /** The key that opens the machine, and what ssh writes. */
  ssh: join(folder, 'ssh'),
  sshKey: join(folder, 'ssh', 'key'),
  curtin: join(folder, 'curtin'),
  /** The artifact without its compression, for an emulated machine. */
  unpacked: join(folder, 'artifact.tar'),
});

// In the store, which builders share (`store:`); paths relative to it, the same in a folder and on a server.

export const STORE_RECORDS = 'records';
export const STORE_BLOBS = 'blobs';
/** Files that are not yet whole; nothing is read from there. */
export const STORE_PARTIAL = 'partial';
export const storedRecord = (stage: string, fingerprint: string) =>
  `${STORE_RECORDS}/${stage}/${fingerprint}.json`;
/** A line of a ledger, by the digest of its text. */
export const STORE_LEDGER = 'ledger';
export const storedFact = (sha256: string) => `${STORE_LEDGER}/${sha256.slice(0, 2)}/${sha256}.json`;
export const storedBlob = (sha256: string) => `${STORE_BLOBS}/${sha256.slice(0, 2)}/${sha256}`;
