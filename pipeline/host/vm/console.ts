import { type FileHandle, open } from 'node:fs/promises';
import { plain } from '../../core/escape/terminal.ts';

/** A console that never ends its line says nothing more after so many characters. */
const LONGEST_LINE = 2000;

/** The activity that a line of the guest's console reports; the first pattern that matches wins. */
const MEANINGS: readonly [RegExp, (match: RegExpMatchArray) => string][] = [
  [/dgxos-installer: FAILED (.+)/, (m) => `installer failed: ${m[1]}`],
  [/dgxos-installer: done/, () => 'installed'],
  [/dgxos-installer: stage (\w+): (\S+)/, (m) => `installing: ${m[1]}, ${m[2]}`],
  [/dgxos-installer: (.+)/, (m) => `installing: ${m[1]}`],
  [/^namespace: FAILED (.+)/, (m) => `installer failed: ${m[1]}`],
  [/^namespace: (.+)/, (m) => `installing: ${m[1]}`],
  [/curtin.*start: (?:cmd-install\/)?(?:stage-)?(\S+?):? /, (m) => `installing: ${m[1]}`],
  // subiquity/client/client.py prints its events on the serial console, indented by their depth.
  [/^start: +subiquity\/([^\s:]+)/, (m) => `installing: ${m[1]}`],
  [/Setting up (\S+) \(/, (m) => `installing: setting up ${m[1]}`],
  [/Unpacking (\S+) \(/, (m) => `installing: unpacking ${m[1]}`],
  [/cloud-init\[\d+\].*running '(\S+)'/, (m) => `cloud-init: ${m[1]}`],
  [/Reached target .*(Multi-User|Graphical|Network is Online)/, (m) => `live system: ${m[1]}`],
  [/Linux version (\S+)/, (m) => `kernel ${m[1]} starts`],
  [/GNU GRUB/, () => 'boot menu'],
  [/SeaBIOS/, () => 'firmware'],
];

/** The activity a console line stands for, or undefined for one that says nothing of interest. */
export function meaningOf(said: string): string | undefined {
  const line = said.slice(0, LONGEST_LINE);
  for (const [pattern, label] of MEANINGS) {
    const match = line.match(pattern);
    if (match) return plain(label(match)).slice(0, 120);
  }
  return undefined;
}

/** The lines by which a system reports that it does not go on by itself; the first pattern that matches wins. */
const FAILURES: readonly [RegExp, (match: RegExpMatchArray) => string][] = [
  [
    /(?:dgxos-installer: FAILED|^namespace: FAILED|curtin: Installation failed|finish: cmd-install: FAIL:?)\s*(.*)/,
    (m) => m[0],
  ],
  [/Kernel panic - not syncing.*/, (m) => m[0]],
  // initramfs-tools and casper: what they miss stands on the lines before.
  [/^BusyBox v\S+ .*built-in shell \(ash\)/, () => 'the initrd of the medium gave up and started a shell'],
  [/^You are in emergency mode\b/, () => 'the live system is in emergency mode'],
  // subiquity/client/client.py, 22.04 to 26.04; its error commands run before, where it has read them.
  [/^An error occurred\. Press enter to start a shell/, (m) => `subiquity: ${m[0]}`],
];

/** The failure that a line of the console reports, or undefined. */
export function failureIn(said: string): string | undefined {
  const line = said.slice(0, LONGEST_LINE);
  for (const [pattern, text] of FAILURES) {
    const match = line.match(pattern);
    if (match) return text(match);
  }
  return undefined;
}

/** Follows the console file that QEMU writes, line by line, until closed. The file may not exist yet. */
export function followConsole(path: string, onLine: (line: string) => void): { close(): Promise<void> } {
  let file: FileHandle | undefined;
  let offset = 0;
  let rest = '';
  let reading: Promise<void> = Promise.resolve();
  const chunk = Buffer.alloc(65_536);
  // A character may be cut by the end of a chunk; a console may also say what is not UTF-8.
  const decoder = new TextDecoder('utf-8');
  const read = async () => {
    try {
      file ??= await open(path, 'r');
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
        if (bytesRead === 0) return;
        offset += bytesRead;
        const lines = (rest + decoder.decode(chunk.subarray(0, bytesRead), { stream: true })).split(
          /\r?\n|\r/,
        );
        rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
        for (const line of lines) if (line.trim()) onLine(line);
      }
    } catch {
      // not there yet: the next look finds it
    }
  };
  const look = () => {
    reading = reading.then(read);
  };
  const timer = setInterval(look, 250);
  return {
    async close() {
      clearInterval(timer);
      look();
      await reading;
      if (rest.trim()) onLine(rest);
      await file?.close();
    },
  };
}
