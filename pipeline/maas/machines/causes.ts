import { statusName } from './status.ts';
import type { Explanation, FailedScript, Machine, MachineEvent } from './types.ts';

type Cause = Pick<Explanation, 'id' | 'cause' | 'remedy'>;

interface Row {
  id: string;
  /** Against the events and the scripts' output. Groups fill $1, $2 of the sentences; $h is the host name. */
  says: RegExp;
  cause: string;
  remedy: string;
}

/** Failures of machines and their signs, the most specific first: one failure often brings others behind it. */
const ROWS: readonly Row[] = [
  {
    id: 'no-efi',
    says: /failed to get canonical path of .{0,3}\/boot\/efi|cannot find EFI directory|UEFI system requires a \/boot\/efi|\/boot\/efi (?:is not|doesn't look like) an? (?:EFI|mount)|no (?:EFI|ESP) partition/i,
    cause: '$h has no EFI partition mounted at /boot/efi, where the image puts its boot loader',
    remedy:
      'Set the firmware to UEFI, commission it again (dgxos-maas machines commission $h), and give it a layout with /boot/efi (deploy --storage-layout flat).',
  },
  {
    id: 'wrong-architecture',
    says: /Exec format error|cannot execute binary file/i,
    cause: 'The image has a different architecture from $h',
    remedy: 'Deploy an image of its architecture: dgxos-maas images lists them.',
  },
  {
    id: 'missing-boot-image',
    says: /Missing boot image (\S+)/,
    cause: 'MAAS has no boot image $1, which $h needed to boot',
    remedy: 'Import the base image of that series and architecture (MAAS, Images), or deploy another image.',
  },
  {
    id: 'image-damaged',
    says: /gzip: stdin: (?:unexpected end of file|not in gzip format|invalid compressed data)|tar: (?:Unexpected EOF in archive|This does not look like a tar archive)/,
    cause: 'The image that $h received is damaged or incomplete',
    remedy: 'Check it (dgxos-maas validate FILE) and upload it again.',
  },
  {
    id: 'image-download',
    says: /wget: (?:server returned error: |unable to resolve host address|can't connect)([^\n]{0,120})|ERROR (404|403|50\d): [^\n]{0,80}/,
    cause: '$h could not download the image from its rack controller',
    remedy:
      'Check that the rack has the image (dgxos-maas images) and that $h can reach it, on port 5248 and by name.',
  },
  {
    id: 'no-space',
    says: /No space left on device/,
    cause: 'A disk of $h is too small for the image and its packages',
    remedy: 'Give it a layout with a larger root (deploy --storage-layout), or a smaller image.',
  },
  {
    id: 'no-cloud-init',
    says: /(cloud-init|netplan)['"]?:? (?:command )?not found|No such file or directory: b?['"]?(cloud-init|netplan)/,
    cause: 'The image does not have $1$2, which MAAS needs in every custom image',
    remedy: 'Add the package to the image (packages:), and run `dgxos-maas validate` on it.',
  },
  {
    id: 'packages',
    says: /E: (?:Unable to locate package|Failed to fetch|Package '?[\w.+-]+'? has no installation candidate)([^\n]{0,160})/,
    cause: 'A package could not be installed on $h:$1',
    remedy:
      'Check the archive and the proxy of MAAS (Settings, Package repositories), or add the package to the image.',
  },
  {
    id: 'hook',
    says: /curtin-hooks['"\]]{0,2}[^\n]{0,200}(?:FAIL|fail|returned non-zero|Exit code: [1-9])|Command: \[['"][^'"\n]*\/curtin\/curtin-hooks/,
    cause: "The image's own installation hook (/curtin/curtin-hooks) failed on $h",
    remedy:
      'The last lines of the installation log name the step; correct the hook and build the image again.',
  },
  {
    id: 'bmc-credentials',
    says: /Incorrect (?:password|username)|Access denied while performing power action|username invalid|password (?:verification )?(?:invalid|timeout)|Authentication timeout|Incorrect K_g key|HTTP(?: code)? 401/i,
    cause: 'The BMC of $h does not accept the user or the password',
    remedy:
      'Correct them: dgxos-maas machines power set $h --power power_user=… --power-password-env VARIABLE',
  },
  {
    id: 'bmc-unreachable',
    says: /Could not contact node's BMC|Connection timed out while performing power action|Device communication timeout|IPMI session has timed out|No rack controllers can access the BMC|Failed (?:to )?(?:talk|connect) to [^\n]{0,60}BMC|Failed to power (?:on|off|cycle) node/i,
    cause: 'The BMC of $h cannot be reached from a rack controller',
    remedy:
      'Check its address and cable, and that the rack can reach that network: dgxos-maas machines power status $h --query',
  },
  {
    id: 'no-address',
    says: /address exhaustion|no (?:more )?(?:free )?IP addresses|No leases found for interface/i,
    cause: 'There was no free IP address for $h',
    remedy: 'Extend the ranges of its subnet, or free addresses (dgxos-maas site show).',
  },
  {
    id: 'network',
    says: /Failed to apply custom network configuration|Temporary failure in name resolution/i,
    cause: '$h had no working network in the ephemeral system',
    remedy: 'Check its cables, VLAN, gateway and DNS as MAAS has them (dgxos-maas site show).',
  },
];

/** The cause of a failure, from the machine, its events (the newest last) and the scripts that failed. */
export function causeOf(
  machine: Machine,
  events: readonly MachineEvent[],
  scripts: readonly FailedScript[],
): Cause {
  const texts = [
    machine.errorDescription,
    machine.statusMessage,
    ...scripts.map(({ output }) => output),
    // Older events may be of an earlier failure, so they are looked at one by one from the end.
    ...sinceLastStart(events)
      .map(({ type, description }) => `${type} - ${description}`)
      .reverse(),
  ];
  for (const row of ROWS)
    for (const text of texts) {
      const match = row.says.exec(text);
      if (match) return filled(row, match, machine.hostname);
    }
  return scriptFailed(machine, scripts) ?? timedOut(machine, texts) ?? lastWord(machine, events);
}

/** Events of what was last begun: those after the newest that says that a work starts. */
function sinceLastStart(events: readonly MachineEvent[]): readonly MachineEvent[] {
  const at = events.findLastIndex(({ type }) => /^(?:Commissioning|Deploying|Testing|Releasing)$/.test(type));
  return at < 0 ? events : events.slice(at);
}

function filled({ id, cause, remedy }: Row, match: RegExpExecArray, hostname: string): Cause {
  const fill = (sentence: string) =>
    sentence
      .replaceAll('$h', () => hostname)
      .replace(/\$(\d)/g, (_, n: string) => (match[Number(n)] ?? '').trimEnd().slice(0, 160));
  return { id, cause: fill(cause), remedy: fill(remedy) };
}

function scriptFailed({ hostname, status }: Machine, scripts: readonly FailedScript[]): Cause | undefined {
  const [first, ...others] = scripts;
  if (!first) return undefined;
  const exit = first.exitStatus === null ? '' : ` with exit status ${first.exitStatus}`;
  const more = others.length
    ? ` (and ${others.length} more: ${others.map(({ name }) => name).join(', ')})`
    : '';
  return {
    id: 'script',
    cause: `The script ${first.name} ${first.status === 'Timed out' ? 'ran too long' : 'failed'}${exit} on ${hostname}${more}`,
    remedy:
      status === 'failed_testing'
        ? 'Read its output; repair a hardware fault first, then run: dgxos-maas machines commission.'
        : 'Its last lines are below; correct what they name and run the same command again.',
  };
}

function timedOut({ hostname, powerType }: Machine, texts: readonly string[]): Cause | undefined {
  const match = texts
    .map((text) => /Node operation '(.+?)' timed out after (\d+) minutes/.exec(text))
    .find(Boolean);
  if (!match) return undefined;
  return {
    id: 'silent',
    cause: `MAAS received nothing from ${hostname} for ${match[2]} minutes while ${match[1]?.toLowerCase()}`,
    remedy:
      powerType === 'manual'
        ? 'It has manual power: was it turned on, and does it boot from the network first?'
        : 'Check its console: does it boot from the network first, and can it reach the rack controller?',
  };
}

function lastWord(machine: Machine, events: readonly MachineEvent[]): Cause {
  const { hostname, status, errorDescription } = machine;
  const last = events.findLast(({ level }) => level === 'ERROR' || level === 'CRITICAL') ?? events.at(-1);
  const said =
    errorDescription || (last && `${last.type}${last.description ? ` - ${last.description}` : ''}`);
  return {
    id: 'unknown',
    cause: `${hostname} is ${statusName(status)}${said ? `; MAAS reports: ${said.slice(0, 300)}` : ', and MAAS reports no reason'}`,
    remedy: 'See the events and logs of the machine in MAAS.',
  };
}
