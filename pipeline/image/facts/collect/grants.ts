import { shown } from '../../tar/names.ts';
import type { ConfigLine } from '../facts.ts';
import type { KeptFiles } from '../kept-files.ts';
import type { Severity } from '../severity.ts';

/** A line of PAM, doas or polkit that gives rights without a password. */
export interface Grant extends ConfigLine {
  why: string;
  severity: Severity;
}

/** Services whose login decides who becomes whom. */
const PAM = /^etc\/pam\.d\/(?:common-auth|system-auth|sudo|sudo-i|su|su-l|login|sshd|polkit-1)$/;
const DOAS = /^etc\/doas(?:\.conf|\.d\/[^/]+\.conf)$/;
const POLKIT_RULES = /^etc\/polkit-1\/rules\.d\/[^/]+\.rules$/;
const POLKIT_AUTHORITY = /^etc\/polkit-1\/localauthority\/.+\.pkla$/;
const MOST = 50;
const MOST_LINE = 2000;

export function grants(files: KeptFiles): Grant[] {
  const found: Grant[] = [];
  for (const path of files.paths()) {
    const read = [PAM, DOAS, POLKIT_RULES, POLKIT_AUTHORITY].findIndex((pattern) => pattern.test(path));
    if (read < 0) continue;
    const lines = (files.text(path) ?? '').split('\n').map((raw) => raw.slice(0, MOST_LINE).trim());
    for (const [i, { why, severity }] of [pamGrants, doasGrants, polkitRules, polkitAuthority][read]!(lines))
      if (found.length < MOST)
        found.push({
          file: `/${shown(path)}`,
          line: i + 1,
          text: shown(lines[i]!).slice(0, 200),
          why,
          severity,
        });
  }
  return found;
}

type Found = [number, { why: string; severity: Severity }];

/** The first module that decides: pam_permit lets in whoever asks; pam_wheel with `trust`, members of its group. */
function pamGrants(lines: readonly string[]): Found[] {
  for (const [i, line] of lines.entries()) {
    const match = /^-?auth[ \t]+(\[[^\]]*\]|\w+)[ \t]+(?:\S*\/)?(pam_\w+)\.so\b(.*)$/.exec(line);
    if (!match) {
      // The included file decides, and is read by itself.
      if (/^(?:@include[ \t]|auth[ \t]+(?:include|substack)[ \t])/.test(line)) return [];
      continue;
    }
    const [, control, module, rest] = match;
    const ends = control === 'sufficient' || /success=(?:done|[1-9])/.test(control!);
    if (module === 'pam_permit') {
      const last = !lines.slice(i + 1).some((l) => /^(?:-?auth[ \t]|@include[ \t])/.test(l));
      if (ends || last) return [[i, { why: 'PAM lets in whoever asks', severity: 'blocker' }]];
    }
    if (module === 'pam_wheel' && ends && /\btrust\b/.test(rest!))
      return [[i, { why: 'members of the group are asked for no password', severity: 'major' }]];
    // From here on somebody has to prove who they are.
    if (/^pam_(?:unix|deny|sss|krb5|ldap|winbind|systemd_home|google_authenticator|u2f)$/.test(module!))
      return [];
  }
  return [];
}

/** doas.conf: `permit nopass …`. */
function doasGrants(lines: readonly string[]): Found[] {
  return lines.flatMap((line, i): Found[] =>
    /^permit[ \t]+(?:[a-z]+[ \t]+)*?nopass\b/.test(line.slice(0, 200))
      ? [[i, { why: 'doas asks for no password', severity: 'blocker' }]]
      : [],
  );
}

/** Rules are programs: only a person can say for whom a YES is. */
function polkitRules(lines: readonly string[]): Found[] {
  const i = lines.findIndex((line) => !line.startsWith('//') && line.includes('polkit.Result.YES'));
  return i === -1 ? [] : [[i, { why: 'polkit allows something without a password', severity: 'warning' }]];
}

function polkitAuthority(lines: readonly string[]): Found[] {
  const i = lines.findIndex((line) => /^Result(?:Any|Active|Inactive)[ \t]*=[ \t]*yes$/i.test(line));
  return i === -1 ? [] : [[i, { why: 'polkit allows something without a password', severity: 'warning' }]];
}
