/** A fault that changes nothing which can be seen: it is not counted. */
export interface Equivalent {
  file: string;
  /** The expression as it stands in the file, and what it is changed to. */
  text: string;
  fault: string;
  why: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'pipeline/image/checks/judge.ts',
    text: "result.status === 'fail' && check.wrong",
    fault: "result.status === 'fail' || check.wrong",
    why: 'What a check says when it fails is left out of a finding that has not failed.',
  },
  {
    file: 'pipeline/maas/acceptance/acquire-machine.ts',
    text: '(performance.now() - started) / 1000 >= waitS',
    fault: '(performance.now() - started) / 1000 > waitS',
    why: 'A clock that counts fractions of a millisecond never stands at the limit.',
  },
  {
    file: 'pipeline/maas/acceptance/check-rules.ts',
    text: "typeof value !== 'object' || value === null",
    fault: "typeof value !== 'object' && value === null",
    why: 'The schema has left no null in, and the entries of a number or of true are none.',
  },
  {
    file: 'pipeline/maas/acceptance/expect.ts',
    text: 'end < 0',
    fault: 'end <= 0',
    why: 'The text is trimmed, so that no line ends at its begin.',
  },
  {
    file: 'pipeline/maas/images/upload-state.ts',
    text: 'i < Math.max(left.length, right.length)',
    fault: 'i <= Math.max(left.length, right.length)',
    why: 'Behind both ends −1 is compared with −1, which are equal.',
  },
  {
    file: 'pipeline/maas/images/content.ts',
    text: 'filled < bytes',
    fault: 'filled <= bytes',
    why: 'A read into the end of a buffer gives no bytes, which ends the loop as well.',
  },
  {
    file: 'pipeline/maas/images/content.ts',
    text: 'at + BLOCK <= tar.length',
    fault: 'at + BLOCK < tar.length',
    why: 'A header at the very end has no content behind it, which is as little a disk as no header at all.',
  },
  {
    file: 'pipeline/maas/images/content.ts',
    text: 'end >= 0',
    fault: 'end > 0',
    why: 'A line end at 0 has no number before it, so that no further line is looked for.',
  },
  {
    file: 'pipeline/maas/images/content.ts',
    text: 'bytes < LOOK',
    fault: 'bytes <= LOOK',
    why: 'One piece more is unpacked, of which nothing is kept; damage in it is only reported where nothing came out.',
  },
  {
    file: 'pipeline/maas/images/local-file.ts',
    text: 'fresh < bytesRead',
    fault: 'fresh <= bytesRead',
    why: 'No bytes are added to the sum, and it has come as far as before.',
  },
  {
    file: 'pipeline/maas/images/transfer.ts',
    text: 'performance.now() - began > this.#tuning.slowChunkMs',
    fault: 'performance.now() - began >= this.#tuning.slowChunkMs',
    why: 'A clock that counts fractions of a millisecond never stands at the limit.',
  },
  {
    file: 'pipeline/maas/images/transfer.ts',
    text: '!(error instanceof Fault)',
    fault: 'false',
    why: 'Another error is not temporary either, so that the wait for the next try throws it as well.',
  },
  {
    file: 'pipeline/image/pack/measure.ts',
    text: 'filled < into.length',
    fault: 'filled <= into.length',
    why: 'A read into the end of a buffer gives no bytes, which ends the loop as well.',
  },
  {
    file: 'pipeline/image/parsers/authorized-keys.ts',
    text: 'end - at <= 80',
    fault: 'end - at < 80',
    why: 'The longest type of a key has 43 characters, so that a word of 80 is none.',
  },
  {
    file: 'pipeline/image/diff/sections.ts',
    text: 'change > 0',
    fault: 'change >= 0',
    why: 'Only what has changed gets here.',
  },
  {
    file: 'pipeline/image/facts/collect/sudo.ts',
    text: 'later.at > at',
    fault: 'later.at >= at',
    why: 'Of one rule there is one such command, which the other branch takes.',
  },
  {
    file: 'pipeline/image/facts/collect/network.ts',
    text: "name < '10-netplan-'",
    fault: "name <= '10-netplan-'",
    why: 'The name ends in .network.',
  },
  {
    file: 'pipeline/image/facts/collect/cloud-config.ts',
    text: 'path > FIRST_OF_MAAS',
    fault: 'path >= FIRST_OF_MAAS',
    why: 'The path ends in .cfg, and is longer.',
  },
  {
    file: 'pipeline/image/parsers/apt-conf.ts',
    text: 'length > 0',
    fault: 'length >= 0',
    why: 'The name of no part has no value.',
  },
  {
    file: 'pipeline/image/parsers/apt-sources.ts',
    text: 'at < from',
    fault: 'at <= from',
    why: 'A bracket at the beginning ends the options before one is read.',
  },
  {
    file: 'pipeline/image/tar/tail.ts',
    text: 'at < bytes.length',
    fault: 'at <= bytes.length',
    why: 'A part without bytes changes nothing.',
  },
  {
    file: 'pipeline/image/facts/collect/sshd.ts',
    text: 'i < argv.length',
    fault: 'i <= argv.length',
    why: 'Behind the last word there is none, which is not an option.',
  },
  {
    file: 'pipeline/image/facts/contents.ts',
    text: 'wanted > most',
    fault: 'wanted >= most',
    why: 'The most is the same number then.',
  },
  {
    file: 'pipeline/image/pack/measure.ts',
    text: 'at + length > this.#start + this.#filled',
    fault: 'at + length >= this.#start + this.#filled',
    why: 'What is in the window is read once more, and is the same.',
  },
  {
    file: 'pipeline/image/pack/output.ts',
    text: 'this.#unflushed >= FLUSH_BYTES',
    fault: 'this.#unflushed > FLUSH_BYTES',
    why: 'When a file is flushed changes nothing of what it holds.',
  },
  {
    file: 'pipeline/image/parsers/apt-conf.ts',
    text: 'at < bare.text.length',
    fault: 'at <= bare.text.length',
    why: 'No character is behind the end, and none of those looked for.',
  },
  {
    file: 'pipeline/image/facts/collect/proxies.ts',
    text: '!/proxy/i.test(text)',
    fault: 'false',
    why: 'No variable of a proxy has a name without the word.',
  },
  {
    file: 'pipeline/image/checks/apt.ts',
    text: 'priority < 0',
    fault: 'priority <= 0',
    why: 'Pins of 0 are not among the facts.',
  },
  {
    file: 'pipeline/image/read/image-reader.ts',
    text: 'this.#headBytes >= MAGIC_BYTES',
    fault: 'this.#headBytes > MAGIC_BYTES',
    why: 'The next chunk, or the end, starts it as well.',
  },
];
