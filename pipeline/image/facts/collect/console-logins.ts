import { parseUnit, unitWords } from '../../parsers/systemd-unit.ts';
import { shown } from '../../tar/names.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Grant } from './grants.ts';
import { UNIT_FOLDERS } from './unit-files.ts';

const GETTY = /^[^/]{0,100}(?:getty|autovt)(?:@[^/]{0,100})?\.service(?:\.d\/[^/]+\.conf)?$/;
const GDM = /^etc\/gdm3?\/(?:daemon|custom)\.conf$/;
const LIGHTDM = /^etc\/lightdm\/(?:lightdm\.conf|lightdm\.conf\.d\/[^/]+\.conf)$/;
const SDDM = /^etc\/sddm(?:\.conf|\.conf\.d\/[^/]+\.conf)$/;
const MOST = 20;

/** Consoles and screens that log somebody in by themselves: whoever is at the BMC or the serial line is that account. */
export function consoleLogins(files: KeptFiles): Grant[] {
  const found: Grant[] = [];
  for (const path of files.paths()) {
    if (found.length >= MOST) break;
    const login = loginOf(path, files);
    if (login)
      found.push({
        file: `/${shown(path)}`,
        line: login.line,
        text: shown(login.text).slice(0, 200),
        why: 'whoever is at the console gets in without a password',
        severity: 'major',
      });
  }
  return found;
}

interface Login {
  line: number;
  text: string;
}

function loginOf(path: string, files: KeptFiles): Login | null {
  const folder = UNIT_FOLDERS.find((folder) => path.startsWith(`${folder}/`));
  if (folder !== undefined) return GETTY.test(path.slice(folder.length + 1)) ? getty(files.text(path)) : null;
  if (GDM.test(path)) return gdm(files.text(path));
  if (LIGHTDM.test(path)) return named(files.text(path), /^Seat:/i, 'autologin-user');
  return SDDM.test(path) ? named(files.text(path), /^Autologin$/, 'User') : null;
}

/** agetty(8): `-a NAME`, `--autologin NAME`; of several ExecStart= the last counts. */
function getty(text: string | null): Login | null {
  const start = settings(text).findLast((s) => s.section === 'Service' && s.key === 'ExecStart');
  const words = start ? unitWords(start.value.slice(0, 2000)) : [];
  return start && words.some((word) => /^(?:-a.*|--autologin(?:=.*)?)$/.test(word))
    ? { line: start.line, text: start.value }
    : null;
}

function gdm(text: string | null): Login | null {
  const daemon = settings(text).filter((s) => s.section === 'daemon');
  const last = (key: string) => daemon.findLast((s) => s.key === key);
  for (const kind of ['Automatic', 'Timed']) {
    const enable = last(`${kind}LoginEnable`);
    const user = last(`${kind}Login`);
    if (enable && user && user.value !== '' && /^(?:true|1)$/i.test(enable.value))
      return { line: user.line, text: `${user.key}=${user.value}` };
  }
  return null;
}

function named(text: string | null, section: RegExp, key: string): Login | null {
  const user = settings(text).findLast((s) => section.test(s.section) && s.key === key);
  return user && user.value !== '' ? { line: user.line, text: `${user.key}=${user.value}` } : null;
}

const settings = (text: string | null) => parseUnit(text ?? '');
