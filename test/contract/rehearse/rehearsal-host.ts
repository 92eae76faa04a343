import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Host } from '../cli/host.ts';

const CURTIN = join(import.meta.dirname, '../../fixtures/stand-in-curtin');

/** The words of the monitor of one of the machines, beside its answers. */
export interface Qmp {
  machine: 'ephemeral' | 'disk';
  /** Before it has answered anything. */
  early?: string;
  /** Afterwards, one after the other. */
  chunks?: string[];
  /** That of `query-status`. */
  status?: string;
  /** Those of `query-block`. */
  drives?: { device: string; 'io-status': string }[];
}

/** A host whose QEMU is a stand-in with a chosen end, with a curtin and an ephemeral; and a configuration of one image. */
export class RehearsalHost extends Host {
  readonly #bin = join(this.dir, 'bin');
  /** The stand-in of QEMU. */
  readonly qemu = join(this.#bin, 'qemu-system-x86_64');

  constructor() {
    super();
    mkdirSync(this.#bin);
    this.env.PATH = `${this.#bin}:${this.env.PATH}`;
    const guest = join(import.meta.dirname, 'stand-in-qemu.ts');
    writeFileSync(
      this.qemu,
      `#!/bin/sh
echo run >> ${this.#bin}/runs
[ "$(wc -l < ${this.#bin}/runs)" = "$(cat ${this.#bin}/breaks 2>/dev/null)" ] && exit 1
STAND_IN=${this.#bin} exec ${process.execPath} ${guest} "$@"
`,
    );
    chmodSync(this.qemu, 0o755);
    for (const name of ['kernel', 'initrd', 'squashfs']) writeFileSync(join(this.dir, name), name);
    this.guest('SUCCESS');
  }

  /** The end of the machines from now on, by curtin's result and log. */
  guest(result: 'SUCCESS' | 'FAIL', log = 'all went well', hangs?: string, prints?: string): void {
    writeFileSync(join(this.#bin, 'guest.json'), JSON.stringify({ result, log, hangs, prints }));
  }

  /** From now on the monitor of QEMU says this. */
  monitor(qmp: Qmp): void {
    writeFileSync(join(this.#bin, 'qmp.json'), JSON.stringify(qmp));
  }

  /** Whether a guest, or a tool in the place of which `hang` has put another one, hangs now. */
  hangs(): boolean {
    return existsSync(join(this.#bin, 'hangs'));
  }

  /** From now on the tool hangs with the arguments that a pattern of the shell matches; with others it is the real one. */
  hang(tool: string, pattern = '*'): void {
    const path = join(this.#bin, tool);
    const real = `PATH=\${PATH#*:} exec ${tool} "$@"`;
    writeFileSync(
      path,
      `#!/bin/sh\ncase "$*" in ${pattern}) echo tool >${this.#bin}/hangs; sleep 1000; exit 1 ;; esac\n${real}\n`,
    );
    chmodSync(path, 0o755);
  }

  /** The tools are the real ones again, and the guests end. */
  unhang(...tools: string[]): void {
    for (const name of [...tools, 'hangs']) rmSync(join(this.#bin, name), { force: true });
    this.guest('SUCCESS');
  }

  /** QEMU ends by an error at the machine of this number, from 1. */
  breaksAt(machine: number): void {
    writeFileSync(join(this.#bin, 'breaks'), String(machine));
  }

  /** The number of machines started so far. */
  machines(): number {
    try {
      return readFileSync(join(this.#bin, 'runs'), 'utf8').trim().split('\n').length;
    } catch {
      return 0;
    }
  }

  /** @param maas URL of the target */
  config(maas: string, rehearsal = 'layouts: [flat]'): void {
    writeFileSync(
      join(this.dir, 'dgxos-maas.yaml'),
      `workspace: work
images:
  demo:
    release: demo
    platform: demo1
    version: "1.0"
    iso: { source: none.iso, sha256: "${'0'.repeat(64)}" }
    vm: { accelerator: tcg }
    resource: { name: "custom/demo-{version}-{digest}" }
    rehearsal: { ${rehearsal} }
targets:
  lab: { url: "${maas}" }
rehearsal:
  curtin: ${CURTIN}
  ephemeral: { kernel: kernel, initrd: initrd, squashfs: squashfs }
  accelerator: tcg
  until: deployed
`,
    );
  }
}
