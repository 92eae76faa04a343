import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attributesOf } from './attributes.ts';

/** Paths that always differ between two installations of one medium; docs/how-it-works.md gives the reasons. */
const OF_A_RUN =
  /^lost\+found$|^boot\/initrd\.img-|^var\/cache\/ldconfig\/aux-cache$|^var\/lib\/systemd\/(?:catalog|deb-systemd)|^etc\/\.pwd\.lock$/;

/** Unpacks an image as curtin does. */
function unpacked(image: string) {
  const tree = mkdtempSync(join(tmpdir(), 'tree-'));
  execFileSync('tar', [...['-C', tree, '--xattrs', '--xattrs-include=*', '-Sxpf', image, '--numeric-owner']]);
  return { tree, attributes: attributesOf(tree) };
}

/**
 * Every path whose type, mode, owner, link, extended attribute or content differs between two images, but for what belongs to a run,
 * with its attributes in both. Needs root.
 */
export function differences(one: string, two: string): [string, string | undefined, string | undefined][] {
  const trees = [unpacked(one), unpacked(two)];
  const [a, b] = trees as [(typeof trees)[0], (typeof trees)[0]];
  const paths = [...new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)])];
  const different = paths.filter((path) => {
    if (OF_A_RUN.test(path)) return false;
    // The time of a file that the installation wrote is that of the run.
    const [there, here] = trees.map(({ attributes }) => attributes[path]?.replace(/ \d{10}\.\d+ /, ' '));
    if (there !== here) return true;
    if (!there?.startsWith('f ')) return false;
    const [before, now] = trees.map(({ tree }) =>
      // A name as its bytes are: not all of them are UTF-8.
      readFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(path, 'latin1')])),
    );
    return !before!.equals(now!);
  });
  for (const { tree } of trees) rmSync(tree, { recursive: true, force: true });
  return different.map((path) => [path, a.attributes[path], b.attributes[path]]);
}
