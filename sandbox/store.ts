import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { Blobs } from './blobs.ts';
import { SandboxError } from './error.ts';
import { freshMachines, type MachinesState } from './machines/state.ts';
import { freshSite, type SiteState } from './site/state.ts';
import type { Traits } from './versions.ts';

export const SYNCED = 0;
export const GENERATED = 1;
export const UPLOADED = 2;

export interface Resource {
  id: number;
  type: typeof SYNCED | typeof GENERATED | typeof UPLOADED;
  name: string;
  /** arch/subarch */
  architecture: string;
  title: string;
  baseImage: string;
  /** ISO date-time, or null. */
  lastDeployed: string | null;
  /** In the order of their making. */
  sets: ImageSet[];
}

export interface ImageSet {
  version: string;
  label: string;
  files: ImageFile[];
}

export interface ImageFile {
  id: number;
  filename: string;
  filetype: string;
  sha256: string;
  size: number;
  /** The location of its bytes. */
  blob: string;
  /** The location of incoming bytes, on the versions that send into a file of its own. */
  partial?: string;
  /** Bytes the region that answers has recorded. */
  received: number;
  /** Milliseconds since 1970 at which the last byte was there; the other regions copy from then on. */
  receivedAt: number | null;
}

/** Everything the server remembers, as it stands in state.json. */
export interface State {
  format: 1;
  version: string;
  nextResource: number;
  nextFile: number;
  importing: boolean;
  resources: Resource[];
  site: SiteState;
  machines: MachinesState;
}

/** Machines change in bulk and by themselves, so they are written at most this often. */
const MACHINES_EVERY_MS = 200;

/**
 * The sandbox's memory: state.json, machines.json and the blobs beside them. A change counts once `save` has returned;
 * those of machines follow within a moment, or with `flush`.
 */
export class Store {
  readonly state: State;
  readonly blobs: Blobs;
  readonly #file: string;
  readonly #machines: string;
  #machinesDue: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(dir: string, state: State) {
    this.#file = join(dir, 'state.json');
    this.#machines = join(dir, 'machines.json');
    this.blobs = new Blobs(join(dir, 'blobs'));
    this.state = state;
  }

  /** Opens the folder, or fills an empty one by `fresh`. */
  static async open(dir: string, fresh: () => State): Promise<Store> {
    mkdirSync(dir, { recursive: true });
    const kept = readState(dir);
    const store = new Store(dir, kept ?? fresh());
    if (!kept) await store.save();
    await store.#tidy();
    return store;
  }

  /** Replaces state.json in one step, so that a kill leaves the old or the new one. */
  async save(): Promise<void> {
    // No fsync: the sandbox promises to survive its own death, not the host's.
    const { machines: _, ...kept } = this.state;
    await writeFileAtomic(this.#file, JSON.stringify(kept), { mode: 0o600, fsync: false });
  }

  /** Says that something about machines, tags or events is new; many of these are one write. */
  machinesChanged(): void {
    this.#machinesDue ??= setTimeout(() => {
      // The folder was deleted under us, or the disk is full: the next time may be better, and closing reports it.
      this.flush().catch(() => undefined);
    }, MACHINES_EVERY_MS).unref();
  }

  /** Writes what `machinesChanged` has announced. */
  async flush(): Promise<void> {
    if (this.#machinesDue === undefined) return this.#writing;
    clearTimeout(this.#machinesDue);
    this.#machinesDue = undefined;
    const text = JSON.stringify(this.state.machines);
    const write = () => writeFileAtomic(this.#machines, text, { mode: 0o600, fsync: false });
    this.#writing = this.#writing.then(write, write);
    await this.#writing;
  }

  *files(): Generator<ImageFile> {
    for (const resource of this.state.resources) for (const set of resource.sets) yield* set.files;
  }

  /**
   * Deletes the bytes that no file refers to any more. From 3.5 on MAAS asks of each deleted file whether another has its digest,
   * those that are deleted with it among them: bytes that two of them share remain for good.
   */
  async sweep(gone: readonly ImageFile[], { storage }: Traits): Promise<void> {
    const left = [...this.files()];
    for (const file of gone) {
      const others = storage === 'shared' ? left : [...left, ...gone];
      if (others.some((other) => other !== file && other.blob === file.blob)) continue;
      await this.blobs.remove(file.blob);
      if (file.partial) await this.blobs.remove(file.partial);
    }
  }

  async #tidy(): Promise<void> {
    const recorded = new Map<string, number>();
    const note = (key: string, bytes: number) => recorded.set(key, Math.max(recorded.get(key) ?? 0, bytes));
    for (const file of this.files()) {
      note(file.blob, file.partial ? file.size : file.received);
      if (file.partial && file.received < file.size) note(file.partial, file.size);
    }
    for (const key of await readdir(this.blobs.path(''))) {
      const length = recorded.get(key);
      if (length === undefined) await this.blobs.remove(key);
      else await this.blobs.cut(key, length);
    }
  }
}

/** The state kept in a folder, or undefined when it is new. */
export function readState(dir: string): State | undefined {
  const file = join(dir, 'state.json');
  if (!existsSync(file)) return undefined;
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as State;
    const kept = join(dir, 'machines.json');
    const machines = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : freshMachines();
    // A folder of a time before these were kept has none of them.
    if (state.format === 1) return { ...state, site: { ...freshSite(), ...state.site }, machines };
  } catch {
    // Reported below, like an unknown format.
  }
  throw new SandboxError('WORKSPACE_CORRUPT', `${file} is not the state of a sandbox of this version`, {
    hint: 'Delete the folder, or give another one by --dir.',
  });
}
