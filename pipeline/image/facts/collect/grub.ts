import { parseAssignments } from '../../parsers/assignments.ts';
import { type GrubChoice, grubChoice, parseGrubCfg } from '../../parsers/grub-cfg.ts';
import { grubDefaults, grubMenu, grubSystem } from '../../parsers/grub-menu.ts';
import { parseGrubenv } from '../../parsers/grubenv.ts';
import { shellAssignments } from '../../parsers/shell-assignments.ts';
import { shown } from '../../tar/names.ts';
import type { ImageFacts } from '../facts.ts';
import type { KeptFiles } from '../kept-files.ts';

/** Settings that decide which entry GRUB starts. */
export interface GrubFacts {
  /** GRUB_DEFAULT, or what grubenv has for `saved`. */
  wanted: string;
  /** An entry is named, and the menu that update-grub makes has it. */
  chosen: boolean;
  /** An entry is named that the menu does not have: GRUB takes the first. */
  missing: boolean;
  /** An id that holds the UUID of the disk of the build. */
  buildId: string | null;
  /** Entry that grubenv has for the next boot alone. */
  nextEntry: string | null;
  /** Kernel that the menu in the image would start. */
  menuKernel: string | null;
  /** The menu waits for a key, for ever. */
  waits: boolean;
  /** For each kernel, a GRUB_DEFAULT that starts it on any disk. */
  choices: { version: string; value: string }[];
}

interface Sources {
  /** grub.cfg and grubenv. */
  texts: ReadonlyMap<string, string>;
  files: KeptFiles;
  /** Names of kernels in /boot, left-overs among them. */
  images: readonly string[];
}

/**
 * The entry that GRUB starts on the machine. update-grub runs at the deployment and makes the menu of the kernels in /boot; the menu in the image
 * counts for entries that update-grub would not make.
 */
export function grubStart({
  texts,
  files,
  images,
}: Sources): Pick<ImageFacts['boot'], 'defaultKernel' | 'grub'> {
  const settings = defaults(files);
  const environment = parseGrubenv(texts.get('boot/grub/grubenv') ?? '');
  const raw = settings.get('GRUB_DEFAULT') || '0';
  const saved = environment.get('prev_saved_entry') || environment.get('saved_entry') || '';
  const wanted = raw === 'saved' ? saved : raw;
  const made = grubMenu(images.slice(0, 200), {
    get: (name) => settings.get(name),
    system: grubSystem(distributor(settings, files)),
  });
  const cfg = texts.get('boot/grub/grub.cfg');
  const menu = cfg === undefined ? [] : parseGrubCfg(cfg);
  const buildId =
    steps(wanted).find((step) => /^(?:osprober-)?gnulinux-./.test(step) || UUID.test(step)) ?? null;
  const byMenu = grubChoice(menu, wanted);
  const byUpdate = grubChoice(made, wanted);
  const own = made.length === 0 || ownScripts(files) || (!byUpdate.found && byMenu.found && buildId === null);
  const choice: GrubChoice = own && menu.length > 0 ? byMenu : byUpdate;
  const first = /^[ \t]*0*$/.test(wanted);
  const chosen = choice.found && buildId === null && !first;
  const version = choice.entry?.kernel ?? null;
  const printable = (text: string) => shown(Buffer.from(text).toString('latin1')).slice(0, 200);
  return {
    defaultKernel:
      version === null
        ? null
        : {
            version: shown(version),
            from: chosen
              ? `GRUB_DEFAULT=${printable(raw)}`
              : own && menu.length > 0
                ? '/boot/grub/grub.cfg'
                : 'the menu that update-grub makes',
          },
    grub: {
      wanted: printable(wanted),
      chosen,
      missing: !choice.found && !first,
      buildId: buildId === null ? null : printable(buildId),
      nextEntry: environment.get('next_entry') ? printable(environment.get('next_entry')!) : null,
      menuKernel: byMenu.entry?.kernel ? shown(byMenu.entry.kernel) : null,
      // update-grub writes the value as it is, and -1 has no end (tried with grub-mkconfig 2.06).
      waits: /^-\d/.test((settings.get('GRUB_TIMEOUT') ?? '').trim()),
      choices: grubDefaults(made)
        .slice(0, 100)
        .map(({ version, value }) => ({ version: shown(version), value: printable(value) })),
    },
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/i;

const steps = (wanted: string) => wanted.slice(0, 2000).split('>');

/** Variables of /etc/default/grub and grub.d, as grub-mkconfig's shell has them. */
function defaults(files: KeptFiles): Map<string, string> {
  const folder = 'etc/default/grub.d';
  const names = files.list(folder).filter((name) => name.endsWith('.cfg') && !name.startsWith('.'));
  const paths = ['etc/default/grub', ...names.map((name) => `${folder}/${name}`)];
  const found = shellAssignments(paths.map((path) => ({ path, text: files.text(path) ?? '' })));
  return new Map(found.map(({ name, value }) => [name, value]));
}

/** GRUB_DISTRIBUTOR is a command as a rule, which prints the name of the system. */
function distributor(settings: ReadonlyMap<string, string>, files: KeptFiles): string {
  const value = settings.get('GRUB_DISTRIBUTOR') ?? '';
  if (!/[`$]/.test(value)) return value;
  const release = parseAssignments(files.text('etc/os-release') ?? '');
  const known: Record<string, string> = { debian: 'Debian', ubuntu: 'Ubuntu' };
  const id = release.get('ID') ?? '';
  return Object.hasOwn(known, id) ? known[id]! : (release.get('NAME') ?? '').slice(0, 100);
}

/** Whether other scripts than grub-common's own make the menu's first entries. */
function ownScripts(files: KeptFiles): boolean {
  const folder = 'etc/grub.d';
  const names = files.list(folder).filter((name) => /^\d/.test(name));
  if (names.length > 0 && !names.includes('10_linux')) return true;
  return names.some(
    (name) => name < '10_linux' && (files.text(`${folder}/${name}`) ?? '').includes('menuentry '),
  );
}
