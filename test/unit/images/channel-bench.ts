import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Event } from '../../../pipeline/core/events/event.ts';
import type { ChosenTarget } from '../../../pipeline/maas/images/choose-targets.ts';
import type { ChannelRequest } from '../../../pipeline/maas/images/promote.ts';
import type { ChannelImage } from '../../../pipeline/workspace/ledger/channel.ts';
import { type LedgerEntry, readLedger, record } from '../../../pipeline/workspace/ledger/ledger.ts';
import { noted } from './entries.ts';
import { FakeMaas, sumOf } from './fake-maas.ts';

export const IMAGE = {
  name: 'dgx1',
  release: 'dgxos5',
  platform: 'dgx1',
  version: '5.0',
  resource: { name: 'custom/{platform}-{version}-{date}-{digest}', architecture: 'amd64/generic' },
} as ChannelImage;
export const STABLE = 'dgx1-5.0-stable';

/** The data of a build. */
export const dataOf = (name: string) => Buffer.from(`the build ${name}`);

/** A host with a ledger and artifacts, and a MAAS in memory. */
export class ChannelBench {
  readonly maas: FakeMaas;
  readonly dir: string;
  readonly events: Event[] = [];
  readonly abort = new AbortController();

  constructor(version = '3.5.0') {
    this.maas = new FakeMaas(version);
    this.dir = mkdtempSync(join(tmpdir(), 'channel-'));
    onTestFinished(() => rmSync(this.dir, { recursive: true, force: true }));
  }

  get env(): NodeJS.ProcessEnv {
    return { XDG_STATE_HOME: join(this.dir, 'state') };
  }

  get keepIn(): string {
    return join(this.dir, 'promoted');
  }

  get chosen(): ChosenTarget {
    const target = { name: 'lab', url: this.maas.url, caCert: null, patienceS: 1 };
    return { target, key: {} } as ChosenTarget;
  }

  get session() {
    const emit = (event: Event) => void this.events.push(event);
    return { emit, signal: this.abort.signal, env: this.env };
  }

  request(channel = 'stable'): ChannelRequest {
    return { image: IMAGE, channel, keepIn: this.keepIn, ...this.session };
  }

  get notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  }

  fileOf(name: string): string {
    return join(this.dir, `${name}.tar.gz`);
  }

  /** Puts a build on this host and into MAAS, and notes its upload. @param have bytes of it that MAAS has */
  async build(name: string, more: Partial<LedgerEntry> = {}, have?: number): Promise<LedgerEntry> {
    const data = dataOf(name);
    writeFileSync(this.fileOf(name), data);
    const architecture = more.architecture ?? 'amd64/generic';
    const { id } = this.maas.has(name, data, have, { architecture });
    const file = this.fileOf(name);
    return this.note(noted(name, id, { sha256: sumOf(data), size: data.length, file, ...more }));
  }

  /** Writes an entry of the ledger. */
  async note({ time: _, ...entry }: LedgerEntry): Promise<LedgerEntry> {
    await record(entry, this.env, () => {});
    return (await readLedger(this.env)).at(-1)!;
  }

  /** The data that machines are deployed from now, by the image's name. */
  inUse(name: string): string | undefined {
    const sets = this.maas.resources.find((one) => one.name === name)?.sets ?? [];
    return sets.findLast(({ complete }) => complete)?.data.toString();
  }
}
