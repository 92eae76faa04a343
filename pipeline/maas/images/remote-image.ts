import { fullName, plainName } from '../../config/image-name.ts';
import { Fault } from '../../core/faults/fault.ts';
import { type LedgerEntry, readLedger } from '../../workspace/ledger/ledger.ts';
import {
  type BootResource,
  type BootResourceDetail,
  type BootResourceSet,
  countRegions,
  detail,
  listUploaded,
  readResource,
} from '../api/answers.ts';
import type { MaasClient } from '../api/client.ts';
import { atLeast } from '../api/version.ts';
import type { UploadRequest } from './request.ts';
import { compareVersions, offsetOf, type UploadState, uploadState } from './upload-state.ts';

/** The image in MAAS: finds it, creates it, removes it, and reads how much of it is there. */
export class RemoteImage {
  readonly #client: MaasClient;
  readonly #request: UploadRequest;
  #resource: BootResourceDetail | undefined;
  #regions: number | undefined;
  /** All uploaded images, of when this one was looked for. */
  #listed: BootResource[] | undefined;
  /** Version of the set that is ours. */
  #ours: string | undefined;

  constructor(client: MaasClient, request: UploadRequest) {
    this.#client = client;
    this.#request = request;
  }

  /** The resource's number in MAAS; undefined while there is none. */
  get id(): number | undefined {
    return this.#resource?.id;
  }

  /** The uploaded images as they were a moment ago, once; undefined when nobody has read them. */
  takeListed(): BootResource[] | undefined {
    const listed = this.#listed;
    this.#listed = undefined;
    return listed;
  }

  /**
   * Asks MAAS how far it is.
   * @throws Fault MAAS_REFUSED when the resource has another base image, which MAAS never changes
   */
  async ask(): Promise<UploadState> {
    try {
      this.#resource = await (this.#resource ? readResource(this.#client, this.#resource.id) : this.#find());
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'MAAS_NOT_FOUND')) throw error;
      this.#resource = undefined;
    }
    return this.#read();
  }

  /** Makes the resource, or a new set of it; one try, whose effect `ask` finds if the answer is lost. */
  async create(keepOld: boolean): Promise<UploadState> {
    const { name, title, architecture, filetype, baseImage, sha256, size } = this.#request;
    const path = 'boot-resources/';
    const form = {
      name: fullName(name),
      title,
      architecture,
      filetype,
      base_image: baseImage.toLowerCase(),
      sha256,
      size,
      // MAAS would delete the data in use at once, long before the new data is there.
      ...(keepOld ? { keep_old: true } : {}),
    };
    this.#resource = detail(this.#client, path, await this.#client.post(path, form));
    return this.#read();
  }

  /**
   * Removes the unfinished upload.
   * @returns false when the resource also holds a complete set: it would be deleted too, so nothing is
   */
  async remove(): Promise<boolean> {
    if (!this.#resource) return true;
    // The state read before may be old: another upload of this name may have ended since.
    await this.ask();
    if (!this.#resource) return true;
    const { id, sets } = this.#resource;
    if (sets.some((set) => this.#isWhole(set))) return false;
    await this.#client.delete(`boot-resources/${id}/`);
    this.#resource = undefined;
    this.#ours = undefined;
    return true;
  }

  /**
   * Puts a new, empty set in place of the unfinished one and keeps the data in use.
   * @returns false up to 3.4, where the new set would continue where the old one stopped
   */
  async replace(): Promise<boolean> {
    if (!this.#resource || !(await this.#keepsFiles())) return false;
    await this.create(true);
    return true;
  }

  /** Complete, or sent whole and still being copied between the regions; the set that is begun anew is neither. */
  #isWhole(set: BootResourceSet): boolean {
    const sent = set.files.length > 0 && offsetOf(set, this.#regions ?? 1) === set.size;
    return set.complete || (sent && set.version !== this.#ours);
  }

  /** Whether each region keeps images as files; some releases of 3.5 do not say it in their answers. */
  async #keepsFiles(): Promise<boolean> {
    return atLeast(await this.#client.version(), 3, 5);
  }

  async #find(): Promise<BootResourceDetail | undefined> {
    const { name, architecture } = this.#request;
    this.#listed = await listUploaded(this.#client);
    const found = this.#listed.find(
      (one) => one.name === plainName(name) && one.architecture === architecture,
    );
    return found && readResource(this.#client, found.id);
  }

  async #read(): Promise<UploadState> {
    const resource = this.#resource;
    if (!resource) return { at: 'absent', keepOld: false };
    await this.#checkBaseImage(resource);
    const { sets } = resource;
    // From 3.5 on progress counts the copies of all regions.
    if (sets.some((set) => !set.complete && set.files.length > 0) && (await this.#keepsFiles()))
      this.#regions ??= await countRegions(this.#client);
    const now = uploadState(resource, this.#request, this.#regions ?? 1);
    if (now.at === 'absent') this.#checkReplaced(resource);
    else this.#ours = now.set;
    return now;
  }

  #checkReplaced({ name, sets }: BootResourceDetail): void {
    const ours = this.#ours;
    if (ours === undefined || !sets.some((set) => compareVersions(set.version, ours) > 0)) return;
    throw new Fault('MAAS_REFUSED', `Another upload of "${name}" has replaced this one in MAAS`, {
      hint: 'Let one of them finish first, or upload under another name (--name).',
    });
  }

  async #checkBaseImage(resource: BootResourceDetail): Promise<void> {
    const { name } = resource;
    const wanted = this.#request.baseImage.toLowerCase();
    const stated = resource.baseImage?.toLowerCase();
    const frozen = stated ?? (await this.#sentFirst(resource));
    if (frozen === undefined || frozen === wanted) return;
    const has = stated
      ? `has the base image ${stated} in MAAS`
      : `was first uploaded with the base image ${frozen}`;
    throw new Fault('MAAS_REFUSED', `"${name}" ${has}, not ${wanted}, and MAAS never changes it`, {
      hint: `Upload under another name (--name), or delete the image in MAAS first, or use --base-image ${frozen}.`,
    });
  }

  /** The base image that the resource was made with, where MAAS has one that it does not show (3.1 to 3.4). */
  async #sentFirst({ id, name }: BootResourceDetail): Promise<string | undefined> {
    if (!atLeast(await this.#client.version(), 3, 1)) return undefined;
    const entries = await readLedger(this.#request.env).catch((): LedgerEntry[] => []);
    const first = entries.find(
      (entry) => entry.target === this.#client.url && entry.resourceId === id && entry.name === name,
    );
    return first?.did === 'started' ? first.baseImage.toLowerCase() : undefined;
  }
}
