import { compareDebianVersions } from './debian-version.ts';
import { type GrubEntry, grubStep } from './grub-cfg.ts';

/** Files in /boot that grub-mkconfig takes for kernels; left-overs of dpkg, rpm and signatures are none. */
export function isGrubKernel(name: string): boolean {
  return /^(?:vmlinu[xz]|kernel)-./.test(name) && !/\.(?:dpkg-.*|rpmsave|rpmnew|sig)$/.test(name);
}

/**
 * Whether grub-mkconfig places a kernel before another: by version as dpkg orders them, where pre, rc, test, git, old and trunk come
 * before what they belong to; @returns below zero when `a` comes first.
 */
export function newestFirst(a: string, b: string): number {
  return compareDebianVersions(ordered(b), ordered(a));
}

const ordered = (name: string) =>
  name
    .slice(0, 300)
    .replace(/^[^-]*-/, '')
    .replace(/[._-](pre|rc|test|git|old|trunk)/g, '~$1');

/** The settings of /etc/default/grub that decide the menu. */
export interface GrubMenuSettings {
  /** Value of a variable, or undefined. */
  get(name: string): string | undefined;
  /** Name of the system in titles: "Ubuntu", "Debian GNU/Linux". */
  system: string;
}

/** The name that titles have, of GRUB_DISTRIBUTOR once the shell has run what is in it. */
export function grubSystem(distributor: string): string {
  if (distributor === '') return 'GNU/Linux';
  return distributor === 'Ubuntu' || distributor === 'Kubuntu' ? distributor : `${distributor} GNU/Linux`;
}

/**
 * The entries that grub-mkconfig's 10_linux writes for the kernels of /boot, which is what update-grub makes at the deployment. Ids
 * hold the UUID of the disk it runs on, and so are not known here.
 */
export function grubMenu(names: readonly string[], settings: GrubMenuSettings): GrubEntry[] {
  const kernels = names
    .filter((name) => isGrubKernel(name) && !name.endsWith('.efi.signed'))
    .sort(newestFirst);
  // Ubuntu: flavours named there come first, in that order.
  const flavours = (settings.get('GRUB_FLAVOUR_ORDER') ?? '').split(/\s+/, 20).filter(Boolean);
  const rank = (name: string) => {
    const at = flavours.findIndex((flavour) => name.endsWith(`-${flavour}`));
    return at === -1 ? flavours.length : at;
  };
  if (flavours.length > 0) kernels.sort((a, b) => rank(a) - rank(b));
  const top = settings.get('GRUB_TOP_LEVEL')?.replace(/^\/boot\//, '');
  if (top && kernels.includes(top)) kernels.sort((a, b) => Number(b === top) - Number(a === top));
  const { system } = settings;
  const flat = /^(?:true|yes|y)$/.test(settings.get('GRUB_DISABLE_SUBMENU') ?? '');
  const entry = (title: string, name: string): GrubEntry => ({
    title,
    id: null,
    kernel: versionOf(name),
    entries: null,
  });
  const each = kernels.flatMap((name) => {
    const title = `${system}, with Linux ${versionOf(name)}`;
    const recovery =
      settings.get('GRUB_DISABLE_RECOVERY') === 'true' ? [] : [entry(`${title} (recovery mode)`, name)];
    return [entry(title, name), ...recovery];
  });
  if (flat || kernels.length === 0) return each;
  const submenu = { title: `Advanced options for ${system}`, id: null, kernel: null, entries: each };
  return [entry(system, kernels[0]!), submenu];
}

/** 10_linux cuts a name at the last hyphen before its first digit. */
function versionOf(name: string): string {
  return name.replace(/^[^0-9]*-/, '');
}

/** A value of GRUB_DEFAULT for each kernel that stays right on any disk. */
export function grubDefaults(menu: readonly GrubEntry[]): { version: string; value: string }[] {
  const found = new Map<string, string>();
  for (const { title, kernel, entries } of menu) {
    if (entries === null && kernel !== null && !found.has(kernel) && menu.every((m) => m.entries === null))
      found.set(kernel, grubStep(title));
    for (const inner of entries ?? [])
      if (inner.kernel !== null && !found.has(inner.kernel))
        found.set(inner.kernel, `${grubStep(title)}>${grubStep(inner.title)}`);
  }
  return [...found].map(([version, value]) => ({ version, value }));
}
